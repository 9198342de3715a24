"""Imports every IFC file of a folder by itself and writes the table of coverage reports to docs/coverage.md.

    .venv/bin/python benchmarks/coverage.py [FOLDER] [--data DIR]

FOLDER: TWIN_REAL_DATA/ifc or ../shared/data/ifc unless given. DIR keeps what was imported, for validators of tiles. Each file gets a key from its path, so that files of one name
do not meet. The counts are compared with ifcopenshell's own where it opens the file; a difference ends the run with status 1.
"""

import argparse
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

import ifcopenshell

from api.importing.batch import import_sources
from api.importing.events import ImportRequest
from api.settings import Settings
from twin.source import SourceReport

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "coverage.md"

LAYERS = "<!-- city layers:"
"""From here on the page is written by benchmarks/coverage_layers.py."""

HEAD = """# Coverage of real files

What became of every IFC file of the test data: how many products it holds, how many are drawn, how many of those share a
mesh with others (*instanced*), and why the rest is not drawn. `drawn + not drawn = products`, always, and *products* is
what ifcopenshell counts in the same file. Written by `benchmarks/coverage.py`.

"""


def default_folder() -> Path:
    """Where the real IFC files lie."""
    data = Path(os.environ.get("TWIN_REAL_DATA") or ROOT.parent / "shared" / "data")
    return data / "ifc"


def import_one(file: Path, folder: Path, number: int) -> SourceReport:
    """One file in a data folder shared by all, under a key of its own."""
    settings = Settings(data=folder, workers=2)
    request = ImportRequest(sources=[file], key=f"file-{number:04d}")
    return import_sources(settings, request, lambda _event: None)[0]


def counted(file: Path) -> int | None:
    """IfcProduct instances as ifcopenshell counts them; None where it cannot open the file as it stands."""
    if file.suffix.lower() != ".ifc":
        return None
    try:
        return len(ifcopenshell.open(file).by_type("IfcProduct"))
    except (OSError, RuntimeError, ifcopenshell.Error):
        return None


def row(name: str, report: SourceReport) -> str:
    """One line of the table."""
    if report.status == "failed":
        return f"| {name} | – | refused: {report.reason} | | | |"
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(report.not_drawn.items()))
    return f"| {name} | {report.schema} | {report.products:,} | {report.drawn:,} | {report.instanced:,} | {reasons} |"


def main() -> None:
    """Import all, write the page, and fail where a count differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=default_folder())
    parser.add_argument("--data", type=Path)
    arguments = parser.parse_args()
    folder = arguments.folder
    files = sorted(
        file for file in folder.rglob("*") if file.suffix.lower() in {".ifc", ".ifczip", ".ifcxml"}
    )
    totals: Counter[str] = Counter()
    lines, differences = [], []
    with tempfile.TemporaryDirectory() as passing:
        for number, file in enumerate(files):
            report = import_one(file, arguments.data or Path(passing), number)
            name = str(file.relative_to(folder)).replace("|", "\\|")
            lines.append(row(name, report))
            totals.update(report.not_drawn)
            totals.update(
                files=1, refused=report.status == "failed", products=report.products, drawn=report.drawn
            )
            expected = counted(file) if report.status != "failed" else None
            if expected is not None and expected != report.products:
                differences.append(f"{name}: ifcopenshell counts {expected}, the report {report.products}")
            print(f"{number + 1}/{len(files)} {report.seconds:.1f} s {name}", file=sys.stderr, flush=True)
    reasons = [name for name in totals if name not in {"files", "refused", "products", "drawn"}]
    summary = (
        f"{totals['files']} files, {totals['refused']} refused; {totals['products']:,} products, {totals['drawn']:,} drawn; "
        + (", ".join(f"{totals[reason]:,} {reason}" for reason in sorted(reasons)))
    )
    table = "| file | schema | products | drawn | instanced | not drawn |\n|---|---|--:|--:|--:|---|\n"
    layers = TARGET.read_text("utf-8").partition(LAYERS)[1:] if TARGET.exists() else ()
    TARGET.write_text(HEAD + summary + ".\n\n" + table + "\n".join(lines) + "\n\n" + "".join(layers), "utf-8")
    print(summary)
    print("\n".join(differences))
    sys.exit(bool(differences))


if __name__ == "__main__":
    main()
