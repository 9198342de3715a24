"""Whole imports of a made-up city against the plain way with geopandas and trimesh, side by side in one run.

    .venv/bin/python benchmarks/import_gis.py [--counts 20000 …] [--format gpkg|geojson|fgb|shp] [--runs N] [--json OUT]

For each count of buildings, in turn (A B A B …), each in processes of its own:

- import: `twin import` into an empty data folder: read, solids, properties, ids, tiles, store. Its start-up is named apart:
  the time that the same command takes for a layer of one building, measured in the same turn.
- plain: geopandas reads the file (pyogrio), trimesh extrudes footprint after footprint, and each 2,000 are written as one glTF
  without ids and attributes: what one writes in an afternoon. It is run on at most `--plain` buildings (5,000) and its rate
  is per building; imports of it are not counted.
- parts: the share of reading and drawing alone (`import_gis` into a spool), in CPU microseconds a building.

Rates are of wall time on this machine; CPU time is of the whole process tree and what to compare on a busy one. Memory is the
peak of the summed PSS of the tree, weighed for a fiftieth of the time. Bytes: all tiles as sent. The numbers of docs/performance.md are of
`--counts 100000 1000000` on a quiet machine.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from city_layer import write_layer
from import_ifc import bytes_as_sent, family_of, measure, pss

PLAIN = """
import json, sys, time
import geopandas, numpy, trimesh
started = time.perf_counter()
count = int(sys.argv[2])
layer = geopandas.read_file(sys.argv[1], rows=count)
metres = layer.to_crs(layer.estimate_utm_crs())
size = 0
for first in range(0, len(metres), 2000):
    part = metres.iloc[first : first + 2000]
    solids = [
        trimesh.creation.extrude_polygon(shape, height, engine="earcut")
        for shape, height in zip(part.geometry, part["height"])
    ]
    size += len(trimesh.util.concatenate(solids).export(file_type="glb"))
print(json.dumps({"seconds": time.perf_counter() - started, "buildings": len(metres), "bytes": size}))
"""

PARTS = """
import json, sys, tempfile, time, resource
from pathlib import Path
from bim_import import ImportOptions
from bim_import.gis.importer import import_gis
with tempfile.TemporaryDirectory() as folder:
    before = time.process_time() + resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    started = time.perf_counter()
    result = import_gis(Path(sys.argv[1]), Path(folder) / "spool", options=ImportOptions(workers=2), progress=lambda _: None)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = time.process_time() + children.ru_utime + children.ru_stime - before
    print(json.dumps({"seconds": time.perf_counter() - started, "cpu": cpu, "drawn": result.report.drawn}))
"""


WEIGHING = 50
"""Memory is weighed at most a fiftieth of the time: adding up the pages of five processes stops them for milliseconds."""


class Watched:
    """A command run to its end: wall seconds, CPU seconds and peak memory of the whole tree of its processes.

    CPU is what each process had used when it was last seen, 0.1 s before its end at most: nobody waits for the processes of
    a fork server.
    """

    def __init__(self, command: list[str]) -> None:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )
        ticks: dict[int, int] = {}
        self.peak_mb = 0.0
        weighed = 0.0
        while process.poll() is None:
            family = family_of(process.pid)
            ticks.update({pid: cpu_ticks(pid) or ticks.get(pid, 0) for pid in family})
            if (began := time.perf_counter()) >= weighed:
                self.peak_mb = max(self.peak_mb, sum(map(pss, family)) / 1e6)
                weighed = time.perf_counter() + WEIGHING * (time.perf_counter() - began)
            time.sleep(0.1)
        self.wall = time.perf_counter() - started
        self.cpu = sum(ticks.values()) / os.sysconf("SC_CLK_TCK")
        if process.returncode:
            assert process.stderr is not None
            raise RuntimeError(
                f"{command[:3]} ended with {process.returncode}: {process.stderr.read()[-2000:]}"
            )


def cpu_ticks(pid: int) -> int:
    """User and system time of a process in clock ticks; 0 where it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[11]) + int(fields[12])


def whole_import(file: Path) -> tuple[Watched, dict[str, Any], int]:
    """`twin import` into a new folder: the run, its report, the bytes of its tiles as sent."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        twin = str(Path(sys.executable).with_name("twin"))
        run = Watched(
            [twin, "import", str(file), "--data", folder, "--workers", "2", "--report", str(report)]
        )
        output: dict[str, Any] = json.loads(report.read_text())["sources"][0]
        return run, output, bytes_as_sent(Path(folder) / "tiles")


def benchmark(count: int, folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """All columns of one count."""
    file, single = (folder / f"city{n}.{arguments.format}" for n in (count, 1))
    for number, path in ((count, file), (1, single)):
        if not path.exists():
            write_layer(number, path)
    ours: list[Watched] = []
    starts: list[Watched] = []
    plain: list[float] = []
    sent = 0
    for _ in range(arguments.runs):
        starts.append(whole_import(single)[0])
        run, output, sent = whole_import(file)
        assert output["drawn"] == output["products"] == count
        ours.append(run)
        bare = measure([sys.executable, "-c", PLAIN, str(file), str(min(count, arguments.plain))])
        plain.append(bare.seconds / bare.output["buildings"])
    parts = json.loads(
        subprocess.run(
            [sys.executable, "-c", PARTS, str(file)], capture_output=True, text=True, check=True
        ).stdout
    )
    startup = statistics.median(run.wall for run in starts)
    seconds = statistics.median(run.wall for run in ours) - startup
    cpu = statistics.median(run.cpu for run in ours) - statistics.median(run.cpu for run in starts)
    return {
        "buildings": count,
        "format": arguments.format,
        "file_mb": round(file.stat().st_size / 1e6, 1),
        "startup_s": round(startup, 2),
        "import_s": round(seconds, 2),
        "buildings_per_s": round(count / seconds),
        "cpu_us_per_building": round(cpu / count * 1e6, 1),
        "read_and_draw_cpu_us": round(parts["cpu"] / count * 1e6, 1),
        "plain_per_s": round(1.0 / statistics.median(plain)),
        "ratio": round(statistics.median(plain) * count / seconds, 1),
        "sent_bytes_per_building": round(sent / count, 1),
        "peak_mb": round(max(run.peak_mb for run in ours)),
    }


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--counts", type=int, nargs="+", default=[20_000])
    parser.add_argument("--format", choices=["gpkg", "geojson", "fgb", "shp"], default="gpkg")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--plain", type=int, default=5_000)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows = []
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        for count in arguments.counts:
            rows.append(benchmark(count, Path(folder), arguments))
            print(json.dumps(rows[-1], indent=2), flush=True)
    if len(rows) > 1:
        few, many = rows[0], rows[-1]
        marginal = (many["import_s"] - few["import_s"]) / (many["buildings"] - few["buildings"])
        print(
            f"marginal cost {marginal * 1e6:.1f} us a building, {few['import_s'] / few['buildings'] * 1e6:.1f} us at first"
        )
    print(f"measured in {time.perf_counter() - started:.0f} s", file=sys.stderr)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main()
