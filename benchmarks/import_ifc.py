"""Whole imports against a bare ifcopenshell iterator, and against the fastest open converter, side by side in one run.

    .venv/bin/python benchmarks/import_ifc.py [FILE.ifc ...] [--runs N] [--default-kernel] [--fragments] [--json OUT]

For each file, in turn (A B A B …), each in processes of its own:

- iterator: open the file and run `ifcopenshell.geom.iterator` over it, kernel `hybrid-cgal-simple-opencascade`, two threads,
  each shape read through its buffers. Its start-up (loading Python and ifcopenshell) is not counted.
- import: `twin import` into an empty data folder: parse, tessellate, properties, tiles, store. Its fixed start-up is named
  apart: the time that the same command takes for a file with a single wall, measured in the same turn.
- `--default-kernel`: the iterator as it comes (`opencascade`), once.
- `--fragments`: `@thatopen/fragments` (run `npm ci` in this folder first), the conversion alone.

Memory is the peak of the summed PSS of each process tree, sampled every 50 ms. Bytes: all tiles as sent (compressed files
where there are), against the same import with `--no-compress`, uncompressed. Without files: those of TWIN_REAL_DATA or
../shared/data that are listed below; big ones are made with make_big_ifc.py of that folder.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
KERNEL = "hybrid-cgal-simple-opencascade"
SMALL_WALL = HERE / "one_wall.ifc"

LISTED = {
    "ifc/xBimTeam+XbimEssentials/Tests/TestFiles/4walls1floorSite.ifc": (1,),
    "ifc/TechnicalBuildingSystems+OpenSmartHomeData/04_Flat.ifc": (1,),
    "ifc/SikongSphere+sikongsphere-ifctools/_history/src/test/resources/complex.ifc": (1,),
    "ifc/andrewisen+bim-whale-ifc-samples/LargeBuilding/IFC/LargeBuilding.ifc": (1, 20),
    "ifc/ThatOpen+engine_web-ifc/tests/ifcfiles/public/AC20-FZK-Haus.ifc": (1, 8),
    "ifc/LTplus-AG+ifc-lite/_history/tests/models/ara3d/duplex.ifc": (1, 10),
    "ifc/xBimTeam+XbimEssentials/Tests/TestFiles/SampleHouse4.ifc": (1, 10),
}
"""Path in the real data → how many copies of it in one file."""

ITERATOR = """
import json, sys, time
import ifcopenshell, ifcopenshell.geom
started = time.perf_counter()
model = ifcopenshell.open(sys.argv[1])
opened = time.perf_counter()
options = {"geometry_library": sys.argv[2]} if sys.argv[2] else {}
iterator = ifcopenshell.geom.iterator(ifcopenshell.geom.settings(), model, 2, **options)
shapes = vertices = 0
if iterator.initialize():
    while True:
        geometry = iterator.get().geometry
        shapes += 1
        vertices += len(geometry.verts_buffer) // 24 + 0 * len(geometry.faces_buffer)
        if not iterator.next():
            break
print(json.dumps({"seconds": time.perf_counter() - started, "open": opened - started, "shapes": shapes, "vertices": vertices}))
"""


@dataclass
class Run:
    """One measured command."""

    seconds: float
    wall: float
    peak_mb: float
    output: dict[str, Any] = field(default_factory=dict)


def family_of(root: int) -> set[int]:
    """A process and all its descendants."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
    family, grown = {root}, True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in family and pid not in family}
        family |= more
        grown = bool(more)
    return family


def tree_pss(root: int) -> int:
    """Summed PSS in bytes of a process and all its descendants (/proc/PID/smaps_rollup)."""
    return sum(pss(pid) for pid in family_of(root))


def pss(pid: int) -> int:
    """PSS of one process in bytes; 0 where it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def measure(command: list[str], **environment: str) -> Run:
    """Run a command; its last line of output may be JSON with its own `seconds`."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment}
    )
    peak = 0
    done = threading.Event()

    def sample() -> None:
        nonlocal peak
        while not done.wait(0.05):
            peak = max(peak, tree_pss(process.pid))

    sampler = threading.Thread(target=sample)
    sampler.start()
    out, err = process.communicate()
    wall = time.perf_counter() - started
    done.set()
    sampler.join()
    if process.returncode:
        raise RuntimeError(f"{command[:3]} ended with {process.returncode}: {err[-2000:]}")
    lines = out.strip().splitlines()
    output = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
    return Run(seconds=output.get("seconds", wall), wall=wall, peak_mb=peak / 1e6, output=output)


def iterate(file: Path, kernel: str) -> Run:
    """The bare iterator."""
    return measure([sys.executable, "-c", ITERATOR, str(file), kernel])


def whole_import(file: Path, *options: str) -> tuple[Run, int]:
    """`twin import` into a new folder; also the bytes of all its tiles as sent."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        twin = Path(sys.executable).with_name("twin")
        run = measure(
            [
                str(twin),
                "import",
                str(file),
                "--data",
                folder,
                "--workers",
                "2",
                "--report",
                str(report),
                *options,
            ]
        )
        run.output = json.loads(report.read_text())["sources"][0]
        return run, bytes_as_sent(Path(folder) / "tiles")


def bytes_as_sent(folder: Path) -> int:
    """What a browser receives for all glTF contents: the compressed file where there is one."""
    total = 0
    for content in folder.rglob("*.glb"):
        candidates = [content, *(content.with_name(content.name + suffix) for suffix in (".br", ".gz"))]
        total += min(path.stat().st_size for path in candidates if path.exists())
    return total


def raw_bytes(file: Path) -> int:
    """The same triangles as uncompressed glTF: float32 positions and normals, no transport compression."""
    with tempfile.TemporaryDirectory() as folder:
        twin = Path(sys.executable).with_name("twin")
        measure([str(twin), "import", str(file), "--data", folder, "--no-compress"])
        return sum(path.stat().st_size for path in (Path(folder) / "tiles").rglob("*.glb"))


def fragments(file: Path) -> Run:
    """The other converter."""
    return measure(["node", str(HERE / "fragments.mjs"), str(file)])


def benchmark(file: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """All columns of one file."""
    bare: list[Run] = []
    ours: list[Run] = []
    starts: list[float] = []
    sent = 0
    for _ in range(arguments.runs):
        bare.append(iterate(file, KERNEL))
        starts.append(whole_import(SMALL_WALL)[0].wall)
        run, sent = whole_import(file)
        ours.append(run)
    startup = statistics.median(starts)
    iterator_s = statistics.median(run.seconds for run in bare)
    import_s = statistics.median(run.wall for run in ours) - startup
    row: dict[str, Any] = {
        "file": file.name,
        "mb": round(file.stat().st_size / 1e6, 1),
        "products": ours[0].output["products"],
        "drawn": ours[0].output["drawn"],
        "iterator_s": round(iterator_s, 2),
        "startup_s": round(startup, 2),
        "import_s": round(import_s, 2),
        "ratio": round(
            statistics.median(
                (whole.wall - start) / iterated.seconds
                for whole, iterated, start in zip(ours, bare, starts, strict=True)
            ),
            2,
        ),
        "iterator_mb": round(max(run.peak_mb for run in bare)),
        "import_mb": round(max(run.peak_mb for run in ours)),
        "sent_kb": round(sent / 1e3, 1),
        "of_raw": round(sent / max(1, raw_bytes(file)), 3),
    }
    if arguments.default_kernel:
        row["default_kernel_s"] = round(iterate(file, "").seconds, 2)
    if arguments.fragments:
        row["fragments_s"] = round(fragments(file).seconds, 2)
    return row


def listed_files(folder: Path) -> list[Path]:
    """The listed real files, with the big ones made; empty where there is no real data."""
    data = next(
        (
            p
            for p in (Path(os.environ.get("TWIN_REAL_DATA", "")), HERE.parents[1] / "shared" / "data")
            if (p / "ifc").is_dir()
        ),
        None,
    )
    if data is None:
        return []
    files = []
    for name, counts in LISTED.items():
        for count in counts:
            if count == 1:
                files.append(data / name)
                continue
            made = folder / f"{Path(name).stem}-x{count}.ifc"
            subprocess.run(
                [sys.executable, data / "make_big_ifc.py", data / name, made, str(count)], check=True
            )
            files.append(made)
    return sorted(files, key=lambda file: file.stat().st_size)


def print_table(rows: list[dict[str, Any]]) -> None:
    """Markdown, so that it can be pasted into the documentation."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    print("| " + " | ".join(columns) + " |")
    print("|" + "---|" * len(columns))
    for row in rows:
        print("| " + " | ".join(str(row.get(name, "")) for name in columns) + " |")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--default-kernel", action="store_true")
    parser.add_argument("--fragments", action="store_true")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = arguments.files or listed_files(Path(folder))
        if not files:
            sys.exit("no files: name some, or set TWIN_REAL_DATA")
        rows = []
        for file in files:
            rows.append(benchmark(file, arguments))
            print(rows[-1], file=sys.stderr, flush=True)
    print(f"startup_s is not contained in import_s; {os.cpu_count()} cores\n")
    print_table(rows)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
