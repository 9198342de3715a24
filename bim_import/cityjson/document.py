"""CityJSON files and text sequences: opened, checked, and read as a header and features, whatever their version.

A whole file is one feature; a sequence (CityJSONSeq) is a header line and then a feature a line, each with vertices of its
own, so that memory does not grow with the file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twin.errors import DamagedSource, UnsupportedSource

Json = dict[str, Any]

_VERSIONS = ("1.0", "1.1", "2.0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Transform:
    """How integer vertices become coordinates."""

    scale: NDArray[np.float64]
    translate: NDArray[np.float64]

    def apply(self, vertices: list[Any]) -> NDArray[np.float64]:
        """(n, 3) coordinates; a vertex that is not three numbers is NaN."""
        return vertex_array(vertices) * self.scale + self.translate


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """City objects with the vertices that they use, in the coordinates of the source."""

    objects: dict[str, Json]
    vertices: NDArray[np.float64]
    appearance: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One opened file. `header` is its root without objects; `features` can be iterated once."""

    version: str
    header: Json
    features: Iterator[Feature]


def open_document(path: Path) -> Document:
    """Open a file. Raises DamagedSource, UnsupportedSource; those of later lines come from the iterator."""
    with path.open("rb") as file:
        first = file.readline().strip().removeprefix(b"\xef\xbb\xbf")
        rest = file.read(1)
    if rest and _is_whole(first):
        return _sequence(path, _decoded(path, first, "its first line"))
    root = _decoded(path, path.read_bytes().removeprefix(b"\xef\xbb\xbf"), "the file")
    version = _version(path, root)
    return Document(version=version, header=root, features=iter([_feature(path, root, root)]))


def _is_whole(line: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(line), dict)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def _decoded(path: Path, text: bytes, where: str) -> Json:
    try:
        root = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DamagedSource(
            str(path), f"{where} is no JSON ({error})", "It may be cut off: download or export it again."
        ) from error
    if not isinstance(root, dict):
        raise DamagedSource(str(path), f"{where} is no JSON object", "Export it again as CityJSON.")
    return root


def _version(path: Path, root: Json) -> str:
    if root.get("type") == "CityJSONFeature":
        raise DamagedSource(
            str(path),
            "it starts with a feature, without the CityJSON header that says how to read it",
            "Write the metadata line first, as CityJSONSeq demands.",
        )
    if root.get("type") != "CityJSON":
        raise UnsupportedSource(
            str(path), f"its type is {str(root.get('type'))[:40]!r}, not CityJSON", "Import it as what it is."
        )
    version = str(root.get("version", ""))
    short = ".".join(version.split(".")[:2])
    if short not in _VERSIONS:
        raise UnsupportedSource(
            str(path),
            f"CityJSON {version[:20] or 'without a version'} is not read, 1.0 to 2.0 are",
            "Convert it, for example with `cjio FILE upgrade save OUT`.",
        )
    return short


def _sequence(path: Path, header: Json) -> Document:
    version = _version(path, header)
    return Document(version=version, header=header, features=_lines(path, header))


def _lines(path: Path, header: Json) -> Iterator[Feature]:
    if header.get("CityObjects"):
        yield _feature(path, header, header)
    with path.open("rb") as file:
        next(file)
        for number, line in enumerate(file, start=2):
            if not line.strip():
                continue
            root = _decoded(path, line, f"line {number}")
            if root.get("type") not in ("CityJSONFeature", "CityJSON"):
                kind = str(root.get("type"))[:40]
                raise DamagedSource(
                    str(path), f"line {number} is a {kind!r}, no CityJSONFeature", "Export it again."
                )
            yield _feature(path, root, header)


def _feature(path: Path, root: Json, header: Json) -> Feature:
    objects, vertices = root.get("CityObjects", {}), root.get("vertices", [])
    if not isinstance(objects, dict) or not isinstance(vertices, list):
        raise DamagedSource(
            str(path), "its CityObjects are no object or its vertices no list", "Export it again."
        )
    appearance = root.get("appearance") or header.get("appearance") or {}
    return Feature(
        objects={name: item for name, item in objects.items() if isinstance(item, dict)},
        vertices=_transform(path, root, header).apply(vertices),
        appearance=appearance if isinstance(appearance, dict) else {},
    )


def _transform(path: Path, root: Json, header: Json) -> Transform:
    found = root.get("transform") or header.get("transform") or {}
    try:
        scale = np.array(found.get("scale", (1.0, 1.0, 1.0)), dtype=np.float64).reshape(3)
        translate = np.array(found.get("translate", (0.0, 0.0, 0.0)), dtype=np.float64).reshape(3)
    except (AttributeError, TypeError, ValueError) as error:
        raise DamagedSource(
            str(path), "its transform is not two lists of three numbers", "Export it again."
        ) from error
    return Transform(scale=scale, translate=translate)


def vertex_array(vertices: list[Any]) -> NDArray[np.float64]:
    """(n, 3) numbers; a row that is not three numbers is NaN."""
    if not vertices:
        return np.empty((0, 3))
    try:
        return np.array(vertices, dtype=np.float64).reshape(len(vertices), 3)
    except (TypeError, ValueError):
        return np.array([_triple(each) for each in vertices], dtype=np.float64)


def _triple(value: Any) -> tuple[float, float, float]:
    try:
        x, y, z = (float(part) for part in value)
    except (TypeError, ValueError):
        return (np.nan, np.nan, np.nan)
    return (x, y, z)
