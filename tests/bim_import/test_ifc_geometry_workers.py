"""Workers that crash, hang or raise cost one element each, and none of them outlives its supervisor."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
import pytest

from bim_import.ifc.geometry.board import DRAWN, reason_of
from bim_import.ifc.geometry.shapes import Level
from bim_import.ifc.geometry.workers import Crew, Work, WorkersFailedError
from twin.source import Instance, Material, Mesh, NotDrawn
from twin.spool import GeometryWriter, Spool

TRIANGLE = Mesh(
    positions=np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], dtype=np.float32),
    origin=np.zeros(3),
    normals=np.tile(np.array([0, 0, 1], dtype=np.float32), (3, 1)),
    triangles=np.array([[0, 1, 2]], dtype=np.uint32),
    parts=np.array([[0, 0, 1]], dtype=np.uint32),
)

Deed = Callable[[int, Level], None]
"""What happens while a shape is drawn."""


@dataclass
class Fake:
    """Draws a triangle for each product, unless its deed for the shape prevents it."""

    writer: GeometryWriter
    deed: Deed
    flush_each: bool = False
    notes: Counter[str] = field(default_factory=Counter)
    done: list[int] = field(default_factory=list)
    failed: dict[int, NotDrawn] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.writer.add_material(Material())

    def prepare(self, shapes: Sequence[int]) -> None:
        pass

    def draw(self, shape: int, level: Level, wanted: Sequence[int]) -> None:
        self.deed(shape, level)
        self.notes["drawn"] += 1
        mesh = self.writer.add_mesh(TRIANGLE)
        for ordinal in wanted:
            place = np.hstack([np.eye(3), np.full((3, 1), float(ordinal))])
            self.writer.add_instance(Instance(ordinal=ordinal, mesh=mesh, transform=place))
            self.done.append(ordinal)
        if self.flush_each:
            self.writer.flush()

    def settled(self) -> tuple[list[int], dict[int, NotDrawn]]:
        done, self.done = self.done, []
        failed, self.failed = self.failed, {}
        return done, failed

    def flush(self) -> None:
        pass


def crew(folder: Path, deed: Deed, *, shapes: int = 8, cut: bool = False, seconds: float = 30.0) -> Crew:
    """Eight shapes of two products each."""
    work = Work(
        products=[[2 * shape, 2 * shape + 1] for shape in range(shapes)],
        bundles=[(shape, 1) for shape in range(shapes)],
        cut=[cut] * shapes,
        objects=2 * shapes,
    )
    return Crew(
        folder=folder, work=work, make_artisan=lambda writer: Fake(writer, deed), element_seconds=seconds
    )


def run(made: Crew) -> None:
    made.start()
    made.finish()


def outcomes(folder: Path, made: Crew) -> dict[int, NotDrawn]:
    """Run to the end; products that are not drawn. All others must be in the spool, once."""
    with made:
        run(made)
        codes = made.board.outcome.copy()
    drawn = np.flatnonzero(codes == DRAWN)
    assert Spool(folder).instances["ordinal"].tolist() == drawn.tolist()
    return {int(n): reason_of(int(codes[n])) for n in np.flatnonzero(codes != DRAWN)}


def nothing(shape: int, level: Level) -> None:
    pass


def dying(victim: int, levels: set[Level], how: Callable[[], object]) -> Deed:
    """Dies while drawing shape `victim` at these levels."""

    def deed(shape: int, level: Level) -> None:
        if shape == victim and level in levels:
            how()

    return deed


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def hang() -> None:
    time.sleep(600)


def leave() -> None:
    os._exit(3)


ALL = set(Level)


def test_all_products_are_drawn_once(tmp_path: Path) -> None:
    made = crew(tmp_path, nothing)
    assert outcomes(tmp_path, made) == {}
    assert made.notes["drawn"] == 8


@pytest.mark.parametrize("how", [crash, leave, os.abort])
def test_a_crash_costs_the_products_of_one_shape(tmp_path: Path, how: Callable[[], object]) -> None:
    made = crew(tmp_path, dying(3, ALL, how))
    assert outcomes(tmp_path, made) == {6: NotDrawn.KERNEL_CRASHED, 7: NotDrawn.KERNEL_CRASHED}


def test_a_shape_that_crashes_the_fast_way_is_drawn_the_safe_way(tmp_path: Path) -> None:
    assert outcomes(tmp_path, crew(tmp_path, dying(3, {Level.FAST}, crash))) == {}


def test_a_shape_with_cuts_that_crashes_both_ways_is_drawn_without_its_cuts(tmp_path: Path) -> None:
    deed = dying(3, {Level.FAST, Level.SAFE}, crash)
    assert outcomes(tmp_path, crew(tmp_path, deed, cut=True)) == {}


def test_crashes_of_several_shapes_cost_only_these(tmp_path: Path) -> None:
    def deed(shape: int, level: Level) -> None:
        if shape in {0, 1, 5, 7}:
            crash()

    found = outcomes(tmp_path, crew(tmp_path, deed))
    assert sorted(found) == [0, 1, 2, 3, 10, 11, 14, 15]
    assert set(found.values()) == {NotDrawn.KERNEL_CRASHED}


def test_a_hang_ends_at_the_time_limit_and_costs_one_shape(tmp_path: Path) -> None:
    started = time.monotonic()
    found = outcomes(tmp_path, crew(tmp_path, dying(2, ALL, hang), seconds=0.5))
    assert found == {4: NotDrawn.TIME_LIMIT, 5: NotDrawn.TIME_LIMIT}
    assert time.monotonic() - started < 20


def test_a_shape_with_cuts_that_hangs_is_drawn_without_them(tmp_path: Path) -> None:
    deed = dying(2, {Level.FAST, Level.SAFE}, hang)
    assert outcomes(tmp_path, crew(tmp_path, deed, cut=True, seconds=0.5)) == {}


def test_a_worker_killed_from_outside_costs_nothing(tmp_path: Path) -> None:
    parent = os.getpid()
    struck = tmp_path / "struck"

    def deed(shape: int, level: Level) -> None:
        if shape == 4 and not struck.exists():
            struck.write_text("")
            os.kill(os.getpid(), signal.SIGKILL)

    made = crew(tmp_path / "spool", deed)
    assert outcomes(tmp_path / "spool", made) == {}
    assert os.getpid() == parent


def test_what_was_flushed_before_a_crash_is_not_drawn_again(tmp_path: Path) -> None:
    deed = dying(5, ALL, crash)
    made = crew(tmp_path, deed)
    made.make_artisan = lambda writer: Fake(writer, deed, flush_each=True)
    assert sorted(outcomes(tmp_path, made)) == [10, 11]


def test_workers_that_cannot_even_start_end_the_import_with_the_reason(tmp_path: Path) -> None:
    def broken(writer: GeometryWriter) -> Fake:
        raise ImportError("no kernel on this machine")

    made = crew(tmp_path, nothing)
    made.make_artisan = broken
    with made, pytest.raises(WorkersFailedError, match="no kernel on this machine"):
        run(made)


def test_leaving_the_context_ends_workers_that_hang(tmp_path: Path) -> None:
    def deed(shape: int, level: Level) -> None:
        hang()

    others = psutil.Process().children()  # a fork server that other tests use, say
    with crew(tmp_path, deed) as made:
        made.start()
        made.poll()
        children = [child for child in psutil.Process().children() if child not in others]
        assert len(children) == 2
    assert not any(child.is_running() for child in children)


def test_workers_die_with_their_supervisor(tmp_path: Path) -> None:
    told = tmp_path / "pids"

    def deed(shape: int, level: Level) -> None:
        with told.open("a") as file:
            file.write(f"{os.getpid()}\n")
        hang()

    supervisor = os.fork()
    if supervisor == 0:
        with crew(tmp_path / "spool", deed) as made:
            made.start()
            made.finish()
        os._exit(0)
    until = time.monotonic() + 20
    while (not told.exists() or len(told.read_text().split()) < 2) and time.monotonic() < until:
        time.sleep(0.02)
    workers = [int(pid) for pid in told.read_text().split()]
    os.kill(supervisor, signal.SIGKILL)
    os.waitpid(supervisor, 0)
    while any(psutil.pid_exists(pid) for pid in workers) and time.monotonic() < until:
        time.sleep(0.02)
    assert not any(psutil.pid_exists(pid) for pid in workers)


def test_workers_write_nothing_to_the_output_of_the_supervisor(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def deed(shape: int, level: Level) -> None:
        os.write(1, b"chatter of a kernel")
        os.write(2, b"chatter of a kernel")

    assert outcomes(tmp_path, crew(tmp_path, deed)) == {}
    assert capfd.readouterr() == ("", "")


def test_more_shapes_than_a_pipe_holds_are_all_drawn(tmp_path: Path) -> None:
    assert outcomes(tmp_path, crew(tmp_path, nothing, shapes=9_000)) == {}


def test_no_shapes_need_no_workers(tmp_path: Path) -> None:
    tmp_path.mkdir(exist_ok=True)
    assert outcomes(tmp_path, crew(tmp_path, nothing, shapes=0)) == {}


def test_a_shape_of_many_products_has_time_for_all_of_them(tmp_path: Path) -> None:
    many = 400
    work = Work(products=[range(many)], bundles=[(0, 1)], cut=[False], objects=many)
    made = Crew(
        folder=tmp_path,
        work=work,
        make_artisan=lambda writer: Fake(writer, lambda _shape, _level: time.sleep(0.8)),
        element_seconds=0.3,
    )
    assert outcomes(tmp_path, made) == {}
