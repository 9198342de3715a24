"""Numbers that are none, loops where none may be, ids that are used twice: each costs what it is part of and is told."""

from pathlib import Path

import pytest

from bim_import import ImportOptions, ImportResult
from bim_import.ifc.importer import import_ifc
from bim_import.ifc.reading.numbers import has_no_numbers, without_words
from bim_import.ifc.reading.open import open_ifc
from bim_import.ifc.reading.units import unit_scale
from tests.bim_import.part21 import guid, part21, read, write

BOX = """#20=IFCGEOMETRICREPRESENTATIONCONTEXT($,'Model',3,1.E-05,#21,$);
#21=IFCAXIS2PLACEMENT3D(#22,$,$);
#22=IFCCARTESIANPOINT((0.,0.,0.));
#23=IFCRECTANGLEPROFILEDEF(.AREA.,$,$,1000.,1000.);
#24=IFCDIRECTION((0.,0.,1.));
#25=IFCEXTRUDEDAREASOLID(#23,$,#24,2000.);
#26=IFCSHAPEREPRESENTATION(#20,'Body','SweptSolid',(#25));
#27=IFCPRODUCTDEFINITIONSHAPE($,$,(#26));
"""


def wall(step_id: int, x: str) -> str:
    """A wall with the box as body, whose place has `x` as first coordinate."""
    return (
        f"#{step_id}=IFCWALL('{guid(step_id)}',$,'W',$,$,#{step_id + 1},#27,$,$);\n"
        f"#{step_id + 1}=IFCLOCALPLACEMENT($,#{step_id + 2});\n"
        f"#{step_id + 2}=IFCAXIS2PLACEMENT3D(#{step_id + 3},$,$);\n"
        f"#{step_id + 3}=IFCCARTESIANPOINT(({x},0.,0.));\n"
    )


def imported(folder: Path, data: str) -> ImportResult:
    path = write(folder, data)
    options = ImportOptions(workers=1, element_seconds=20)
    return import_ifc(path, folder / "spool", options=options, progress=lambda _: None)


@pytest.mark.parametrize("x", ["NaN", "nan", " NAN ", "-nan(ind)", "INF", "+Infinity", "1.#QNAN", "1.E999"])
def test_a_wall_whose_place_is_no_number_is_not_drawn_and_named(tmp_path: Path, x: str) -> None:
    report = imported(tmp_path, BOX + wall(40, "0.") + wall(50, x)).report
    assert (report.drawn, report.not_drawn["invalid coordinates"]) == (1, 1)
    assert report.culprits["invalid coordinates"] == [guid(50)]


@pytest.mark.parametrize("x", ["1.E39", "1.E15", "-1.E308"])
def test_a_wall_beyond_the_earth_does_not_move_the_rest(tmp_path: Path, x: str) -> None:
    result = imported(tmp_path, BOX + wall(40, "0.") + wall(50, x))
    assert (result.report.drawn, result.report.not_drawn["invalid coordinates"]) == (1, 1)
    assert abs(result.diagnosis.placement.anchor[0]) < 1.0


def test_words_like_nan_in_names_stay(tmp_path: Path) -> None:
    data = wall(40, "nan").replace("'W'", "'(nan),inf'")
    _, _, objects = read(write(tmp_path, BOX + data))
    assert objects[40].name == "(nan),inf"


def test_a_word_across_two_chunks_is_replaced() -> None:
    text = part21("#40=IFCCARTESIANPOINT((NaN,1.));").encode()
    middle = text.index(b"NaN") + 1
    assert b"((1.E999,1.))" in b"".join(without_words(iter([text[:middle], text[middle:]])))


@pytest.mark.parametrize(
    "text", [b"#1=X(NANO);", b"#1=X('a',IFCINTEGER(1));", b"", b"(", b"#1=X((0.,1.),$);"]
)
def test_ordinary_text_has_no_such_words(text: bytes) -> None:
    assert not has_no_numbers(text)


def test_a_project_inside_its_own_storey_is_the_root_all_the_same(tmp_path: Path) -> None:
    loop = f"#30=IFCRELAGGREGATES('{guid(30)}',$,$,$,#8,(#1));\n"
    _, index, objects = read(write(tmp_path, loop + BOX + wall(40, "0.")))
    assert objects[1].parent is None
    assert objects[6].parent == index.ordinal_of[1]


def test_a_unit_defined_by_itself_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path, BOX)
    path.write_text(
        path.read_text().replace(
            "#3=IFCSIUNIT(*,.LENGTHUNIT.,.MILLI.,.METRE.);",
            "#3=IFCCONVERSIONBASEDUNIT(#30,.LENGTHUNIT.,'ell',#31);\n#30=IFCDIMENSIONALEXPONENTS(1,0,0,0,0,0,0);\n"
            "#31=IFCMEASUREWITHUNIT(IFCLENGTHMEASURE(1.),#3);",
        )
    )
    with pytest.raises(ValueError, match="by itself"):
        unit_scale(open_ifc(path).file)


@pytest.mark.parametrize("again", ["#40=", "#-40="])
def test_an_object_whose_step_id_cannot_be_used_is_left_out_with_a_warning(
    tmp_path: Path, again: str
) -> None:
    report = imported(tmp_path, BOX + wall(40, "0.") + wall(50, "1.").replace("#50=", again)).report
    assert report.products == 4
    assert report.drawn + sum(report.not_drawn.values()) == report.products
    assert any("STEP id" in warning for warning in report.warnings)
