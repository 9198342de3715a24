"""Who feeds whom, compared with networkx."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import networkx as nx  # type: ignore[import-untyped]  # types-networkx knows less than the tests need
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bim_import import ImportOptions
from bim_import.gis.importer import import_gis
from bim_import.gis.network import by_nodes, by_place, directed
from tests.bim_import.gis_layers import NINGBO, feature, geojson, metres
from twin.spool import Spool


def flat(points: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
    return np.array([(x, y, np.nan) for x, y in points], np.float64).reshape(-1, 3)


def test_a_line_feeds_what_starts_where_it_ends() -> None:
    starts, ends = flat([(0, 0), (1, 0), (1, 0), (5, 5)]), flat([(1, 0), (2, 0), (1, 1), (6, 6)])
    assert by_place(starts, ends, flat([])).tolist() == [[0, 1], [0, 2]]


def test_a_manhole_stands_between() -> None:
    starts, ends = flat([(0, 0), (1, 0)]), flat([(1, 0.02), (2, 0)])
    assert by_place(starts, ends, flat([(1, 0.01), (9, 9)])).tolist() == [[0, 2], [2, 1]]


def test_ends_apart_by_more_than_the_tolerance_are_two_places() -> None:
    starts, ends = flat([(0, 0), (1.2, 0)]), flat([(1, 0), (2, 0)])
    assert by_place(starts, ends, flat([])).tolist() == []
    assert by_place(starts, ends, flat([]), 0.3).tolist() == [[0, 1]]


def test_water_runs_down_whatever_was_digitised() -> None:
    starts = np.array([(0, 0, 5.0), (0, 0, 1.0), (0, 0, np.nan), (0, 0, 1.0)])
    ends = np.array([(1, 0, 4.0), (1, 0, 4.0), (1, 0, 4.0), (1, 0, 1.0005)])
    assert directed(starts, ends).tolist() == [False, True, False, False]


def test_named_nodes_count_and_not_the_place() -> None:
    assert by_nodes(["a", "b", None, "c"], ["b", "c", "a", None]).tolist() == [[0, 1], [1, 3], [2, 0]]


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ({"us_invert": 2.0, "ds_invert": 1.5}, {("a", "b")}),
        ({"us_invert": 1.5, "ds_invert": 2.0}, {("b", "a")}),
        ({"起点管底高程": "1.5", "终点管底高程": "2.0"}, {("b", "a")}),
        ({"us_invert": None, "ds_invert": 2.0}, {("a", "b")}),
        ({"invert": 2.0}, {("a", "b")}),
    ],
)
def test_columns_of_levels_say_which_way_a_sewer_runs(
    tmp_path: Path, levels: dict[str, Any], expected: set[tuple[str, str]]
) -> None:
    corners = metres(*NINGBO, [(0, 0), (20, 0), (40, 0)])
    pipes = [
        {"id": name, **feature(shapely.LineString(corners[at : at + 2]), diameter=0.3, **levels)}
        for at, name in enumerate("ab")
    ]
    import_gis(
        geojson(tmp_path, *pipes), tmp_path / "spool", options=ImportOptions(), progress=lambda _: None
    )
    spool = Spool(tmp_path / "spool")
    ids = [item.global_id for batch in spool.objects() for item in batch]
    assert {(ids[a], ids[b]) for a, b in spool.relations.tolist()} == expected


def network(folder: Path, *features: dict[str, Any]) -> set[tuple[str, str]]:
    source = geojson(folder, *features, name="sewers.geojson")
    import_gis(source, folder / "spool", options=ImportOptions(), progress=lambda _: None)
    spool = Spool(folder / "spool")
    ids = [item.global_id for batch in spool.objects() for item in batch]
    return {(ids[a], ids[b]) for a, b in spool.relations.tolist()}


def sewer(name: str, start: int, end: int, *nodes: str | None) -> dict[str, Any]:
    course = shapely.LineString(metres(*NINGBO, [(20.0 * start, 0), (20.0 * end, 0)]))
    columns = dict(zip(("us_node", "ds_node"), nodes, strict=True))
    return {"id": name, **feature(course, diameter=0.3, **columns)}


def test_lines_that_do_not_name_their_nodes_go_by_their_places(tmp_path: Path) -> None:
    empty = [sewer("a", 0, 1, None, None), sewer("b", 1, 2, None, None)]
    assert network(tmp_path / "empty", *empty) == {("a", "b")}
    some = [sewer("a", 0, 1, "A", "B"), sewer("b", 1, 2, "B", None), sewer("c", 2, 3, None, None)]
    assert network(tmp_path / "some", *some) == {("a", "b"), ("b", "c")}


def test_a_manhole_stands_between_lines_that_name_their_nodes_however_they_were_digitised(
    tmp_path: Path,
) -> None:
    manhole = {"id": "m", **feature(shapely.Point(metres(*NINGBO, [(20.0, 0), (0, 0)])[0]))}
    lines = [sewer("a", 0, 1, "A", "B"), sewer("b", 2, 1, "B", "C"), sewer("c", 2, 3, "C", "D")]
    assert network(tmp_path, manhole, *lines) == {("a", "m"), ("m", "b"), ("b", "c")}


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=30), st.floats(-0.02, 0.02)
)
def test_networks_are_those_of_networkx(edges: list[tuple[int, int]], noise: float) -> None:
    starts = flat([(float(a) + noise, 0.0) for a, _ in edges])
    ends = flat([(float(b), noise) for _, b in edges])
    graph = nx.MultiDiGraph([(a, b, row) for row, (a, b) in enumerate(edges)])
    lines = nx.line_graph(graph)
    expected = {(u[2], v[2]) for u, v in lines.edges() if u[2] != v[2]}
    assert {(a, b) for a, b in by_place(starts, ends, flat([])).tolist()} == expected


def test_near_ends_in_a_row_are_one_place() -> None:
    chain = flat([(0.04 * i, 0) for i in range(40)])
    pairs = by_place(chain, chain.copy(), flat([]))
    assert len(pairs) == 40 * 39


def test_the_railways_of_berlin_follow_each_other_where_their_ends_are_equal(
    real_data: Path, tmp_path: Path
) -> None:
    found = list(real_data.glob("gis/**/berlin-railway.geojson"))
    if not found:
        pytest.skip("no berlin-railway.geojson among the real data")
    lines = [feature["geometry"]["coordinates"] for feature in json.loads(found[0].read_text())["features"]]
    leaving: dict[tuple[float, ...], list[int]] = {}
    for row, line in enumerate(lines):
        leaving.setdefault(tuple(line[0][:2]), []).append(row)
    expected = {
        (row, to)
        for row, line in enumerate(lines)
        for to in leaving.get(tuple(line[-1][:2]), ())
        if to != row
    }
    import_gis(found[0], tmp_path / "spool", options=ImportOptions(), progress=lambda _: None)
    spool = Spool(tmp_path / "spool")
    ids = [int(item.global_id) for batch in spool.objects() for item in batch]
    assert {(ids[a], ids[b]) for a, b in spool.relations.tolist()} == expected
    assert len(expected) > 8000
