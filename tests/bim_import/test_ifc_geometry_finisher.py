"""What a kernel made is not trusted: a mesh whose arrays do not fit together costs itself, not the others of its batch."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from bim_import.geometry.meshes import Drawing, Finisher, Placed
from bim_import.geometry.raw import RawMesh
from twin.source import Material
from twin.spool import GeometryWriter


def drawing(ordinal: int) -> Drawing:
    raw = RawMesh(
        vertices=np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]]),
        triangles=np.array([[0, 1, 2]]),
        items=np.array([1]),
        styles=np.array([0]),
    )
    placed = Placed(ordinal=ordinal, matrix=np.eye(4), material=Material())
    return Drawing(raw=raw, slots=np.array([0]), materials=[Material()], products=[placed])


def test_a_broken_mesh_is_set_aside_and_its_neighbours_are_drawn(tmp_path: Path) -> None:
    good, lost = drawing(0), drawing(1)
    lost = replace(lost, raw=replace(lost.raw, triangles=np.array([[0, 1, 7]])))
    with GeometryWriter(tmp_path, 0) as writer:
        finisher = Finisher(writer)
        for each in (good, lost, drawing(2)):
            finisher.add(each)
        finisher.flush()
    assert finisher.drawn == [0, 2]
    assert [each.products[0].ordinal for each in finisher.broken] == [1]
