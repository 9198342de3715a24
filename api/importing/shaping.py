"""What changes the outcome of an import beside the source's own bytes: part of every content hash."""

import hashlib
from pathlib import Path

from msgspec import Struct

from bim_import import ImportOptions
from tiles import TileOptions
from twin.errors import SourceError

_BESIDE_SHAPEFILES = (".dbf", ".shx", ".prj", ".cpg")


class Shaping(Struct, frozen=True):
    """Options that change what comes out; workers and time limits do not. Files count by their content."""

    placement: object
    compress: bool
    lod: str | None
    unit: str | None
    terrain: str | None
    rules: tuple[str, ...]


def shaping(options: ImportOptions, tiles: TileOptions) -> Shaping:
    """Of one batch. Raises InvalidRules for a rules file that cannot be used, SourceError where a file is missing."""
    terrain = None if options.terrain is None else _digest(options.terrain)
    return Shaping(
        options.placement, tiles.compress, options.lod, options.unit, terrain, _rules(options.rules)
    )


class Labels(Struct, frozen=True):
    """What a rules file calls models (by the names of their files without ending) and classes, by language."""

    models: dict[str, dict[str, str]] = {}
    classes: dict[str, dict[str, str]] = {}


def labels(file: Path | None) -> Labels:
    """Of one batch. Raises InvalidRules for a rules file that cannot be used, SourceError where it is missing."""
    if file is None:
        return Labels()
    from bim_import.gis.rules.file import read_rules  # noqa: PLC0415 - loads Arrow, which few imports need

    rules = read_rules(_content(file), file.name)
    return Labels(rules.names, rules.class_names)


def _rules(file: Path | None) -> tuple[str, ...]:
    """Digests of a rules file and of the models that it names."""
    if file is None:
        return ()
    from bim_import.gis.rules.file import models_named, read_rules  # noqa: PLC0415 - loads Arrow, which few imports need

    rules = read_rules(_content(file), file.name)
    models = [file.parent / name for name in models_named(rules)]
    return (_digest(file), *(_digest(model) for model in models if model.is_file()))


def _content(rules: Path) -> bytes:
    try:
        return rules.read_bytes()
    except OSError as error:
        raise SourceError(
            str(rules), error.strerror or "it cannot be read", "Check the path of --rules."
        ) from error


def companions(source: Path) -> list[Path]:
    """Files that belong to a source and are read with it, sorted: those beside a Shapefile."""
    if source.suffix.lower() != ".shp":
        return []
    wanted = {f"{source.stem}{suffix}".casefold() for suffix in _BESIDE_SHAPEFILES}
    return sorted(file for file in source.parent.iterdir() if file.name.casefold() in wanted)


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    except OSError as error:
        raise SourceError(str(file), error.strerror or "it cannot be read", "Check the path.") from error
