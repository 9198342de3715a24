"""Tiles of a made-up city: CPU time and bytes per building, memory, and the first view in a browser.

    python benchmarks/tiles_city.py                          10,000 and 100,000 buildings, a minute
    python benchmarks/tiles_city.py --counts 100000 1000000  the numbers of the issue
    python benchmarks/tiles_city.py --counts 1000000 --view first.png   and what headless Chromium loads and shows

Times are CPU seconds of all threads, which other work on the machine changes less than it does the clock. Each count runs in
a process of its own. The other side is a plain path: trimesh makes the same prisms one by one and exports one .glb, without
properties, ids, a tree of tiles or compression.
"""

import argparse
import gzip
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import trimesh
from city_spool import write_city

from tiles import TileOptions, build_tileset
from twin.frames import Frame, TangentPlane
from twin.spool import Spool

PLANE = TangentPlane.near(121.6, 29.9)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counts", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--view", type=Path, help="write a picture of the first view of the last city here")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(measured(chosen.counts[0], chosen.workers, chosen.one)))
        return
    with tempfile.TemporaryDirectory() as folder:
        rows = [in_a_process(count, chosen.workers, Path(folder) / str(count)) for count in chosen.counts]
        plain = plain_cpu_us(Path(folder) / "plain")
        report(rows, plain)
        if chosen.view:
            from city_view import first_view  # noqa: PLC0415  # needs a browser

            first_view(Path(folder) / str(chosen.counts[-1]) / "tiles", chosen.view)


def in_a_process(count: int, workers: int, folder: Path) -> dict[str, float]:
    """Measure one city alone, so that its memory is its own."""
    command = [
        sys.executable,
        __file__,
        "--counts",
        str(count),
        "--workers",
        str(workers),
        "--one",
        str(folder),
    ]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def measured(count: int, workers: int, folder: Path) -> dict[str, float]:
    """Make a city, tile it, and say what that took."""
    write_city(folder / "spool", count)
    began, clock = time.process_time(), time.perf_counter()
    built = build_tileset(
        Spool(folder / "spool"),
        frame=Frame(PLANE.placement()),
        state_index=np.arange(count, dtype=np.uint32),
        folder=folder / "tiles",
        options=TileOptions(workers=workers),
    )
    documents = [path.stat().st_size for path in (folder / "tiles").glob("*.json")]
    contents = [path.stat().st_size for path in (folder / "tiles" / "content").glob("*.glb.gz")]
    return {
        "count": count,
        "cpu_us": (time.process_time() - began) / count * 1e6,
        "clock_s": time.perf_counter() - clock,
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "sent_bytes": built.sent_bytes / count,
        "tiles": built.tile_count,
        "largest_tile": max(contents),
        "largest_json": max(documents),
    }


def plain_cpu_us(folder: Path, count: int = 2_000) -> tuple[float, float]:
    """CPU time and gzipped bytes per building of trimesh's export of the same prisms."""
    write_city(folder, count)
    spool = Spool(folder)
    meshes = [spool.mesh(index) for index in range(count)]
    began = time.process_time()
    scene = trimesh.Scene(
        [
            trimesh.Trimesh(
                mesh.positions.astype(np.float64) + mesh.origin,
                mesh.triangles,
                vertex_normals=mesh.normals,
                process=False,
            )
            for mesh in meshes
        ]
    )
    data = scene.export(file_type="glb")
    return (time.process_time() - began) / count * 1e6, len(gzip.compress(data, 5)) / count


def report(rows: list[dict[str, float]], plain: tuple[float, float]) -> None:
    """Print the table."""
    print(f"{'buildings':>10} {'CPU us each':>12} {'clock s':>8} {'memory MB':>10} {'bytes each':>11} "
          f"{'tiles':>6} {'largest tile':>13} {'largest json':>13}")  # fmt: skip
    for row in rows:
        print(f"{row['count']:>10.0f} {row['cpu_us']:>12.1f} {row['clock_s']:>8.1f} {row['memory_mb']:>10.0f} "
              f"{row['sent_bytes']:>11.1f} {row['tiles']:>6.0f} {row['largest_tile']:>13.0f} {row['largest_json']:>13.0f}")  # fmt: skip
    last = rows[-1]
    print(f"plain path (trimesh, 2,000 of them): {plain[0]:.0f} us and {plain[1]:.0f} bytes each: "
          f"{plain[0] / last['cpu_us']:.1f} times the CPU time, {plain[1] / last['sent_bytes']:.1f} times the bytes")  # fmt: skip
    if len(rows) > 1:
        first = rows[-2]
        more = (last["cpu_us"] * last["count"] - first["cpu_us"] * first["count"]) / (
            last["count"] - first["count"]
        )
        print(f"marginal cost from {first['count']:.0f} to {last['count']:.0f}: {more:.1f} us each")


if __name__ == "__main__":
    main()
