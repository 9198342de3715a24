"""What every store must tell of networks; adapters' tests give `store`."""

import random

import networkx as nx  # type: ignore[import-untyped]  # its stubs know less than the tests need
import numpy as np
import pytest

from tests.twin.store.builders import plain, published, staged
from twin.errors import InvalidQuery, NotFound
from twin.queries import Direction, TraceQuery
from twin.store import SqlStore

NAMES = [f"{i:03}" for i in range(60)]


def with_network(store: SqlStore, edges: list[tuple[int, int]], content: str = "1") -> None:
    revision, _ = staged(store, "a", plain(NAMES), content)
    store.stage_relations(revision, np.array(edges, np.uint32).reshape(-1, 2))
    published(store, revision)


def reached(store: SqlStore, name: int, direction: Direction, **asked: int) -> dict[int, int]:
    found = store.trace("a", NAMES[name], TraceQuery(direction=direction, **asked))  # type: ignore[arg-type]
    return {int(record.global_id): depth for record, depth in found.items}


class TraceContract:
    @pytest.mark.parametrize("seed", [1, 2, 3])
    def test_what_is_reached_is_what_networkx_reaches(self, store: SqlStore, seed: int) -> None:
        dice = random.Random(seed)
        edges = [(dice.randrange(60), dice.randrange(60)) for _ in range(dice.choice((40, 70, 150)))]
        with_network(store, edges)
        graph = nx.DiGraph(edges)
        for start in {a for edge in edges[:10] for a in edge}:
            down = nx.single_source_shortest_path_length(graph, start)
            up = nx.single_source_shortest_path_length(graph.reverse(), start)
            assert reached(store, start, "downstream") == {n: d for n, d in down.items() if n != start}
            assert reached(store, start, "upstream") == {n: d for n, d in up.items() if n != start}
            assert reached(store, start, "upstream", depth=2) == {n: d for n, d in up.items() if 0 < d <= 2}

    def test_a_circle_ends(self, store: SqlStore) -> None:
        with_network(store, [(0, 1), (1, 2), (2, 0)])
        assert reached(store, 0, "downstream") == {1: 1, 2: 2}

    def test_near_ones_come_first_and_a_limit_is_told(self, store: SqlStore) -> None:
        with_network(store, [(i, i + 1) for i in range(30)])
        found = store.trace("a", NAMES[0], TraceQuery(direction="downstream", limit=3))
        assert [(r.global_id, d) for r, d in found.items] == [("001", 1), ("002", 2), ("003", 3)]
        assert (found.total, found.truncated) == (30, True)
        whole = store.trace("a", NAMES[0], TraceQuery(direction="downstream", classes=("IfcDoor",)))
        assert (whole.items, whole.truncated) == ([], False)
        assert (
            store.trace("a", NAMES[0], TraceQuery(direction="downstream", classes=("IfcWall",))).total == 30
        )

    def test_only_the_network_of_the_current_revision_is_followed(self, store: SqlStore) -> None:
        with_network(store, [(0, 1)])
        with_network(store, [(0, 2)], "2")
        assert reached(store, 0, "downstream") == {2: 1}
        store.rollback("a", 1)
        assert reached(store, 0, "downstream") == {1: 1}

    def test_what_is_not_there_or_makes_no_sense_is_refused(self, store: SqlStore) -> None:
        with_network(store, [])
        assert reached(store, 0, "upstream") == {}
        with pytest.raises(NotFound):
            store.trace("a", "none", TraceQuery(direction="upstream"))
        with pytest.raises(InvalidQuery):
            TraceQuery(direction="upstream", depth=0)
