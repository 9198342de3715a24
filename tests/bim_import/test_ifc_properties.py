"""Property sets: every kind of value with its type and unit, inherited from types, fast and slow path alike."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bim_import.ifc.properties import property_sets as ifc_properties
from bim_import.ifc.properties.property_text import TextDefinitions
from tests.bim_import.part21 import guid, read, read_text, write
from twin.objects import Property

WALL = f"#20=IFCWALL('{guid(20)}',$,'Wall',$,$,$,$,$,$);\n"
Flat = dict[str, tuple[object, str, str | None]]


def with_set(properties: str, members: str, name: str = "'Set'") -> str:
    """A wall #20 with one property set #40."""
    relation = f"#41=IFCRELDEFINESBYPROPERTIES('{guid(41)}',$,$,$,(#20),#40);\n"
    return f"{WALL}{properties}\n#40=IFCPROPERTYSET('{guid(40)}',$,{name},$,({members}));\n{relation}"


def flat(properties: dict[str, Property]) -> Flat:
    return {name: (value.value, value.type, value.unit) for name, value in properties.items()}


def of_wall(folder: Path, properties: str, members: str, schema: str = "IFC4") -> Flat:
    return flat(read_text(folder, with_set(properties, members), schema)[20].attributes.properties["Set"])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("IFCLABEL('text')", ("text", "IfcLabel", None)),
        ("IFCLABEL('it''s')", ("it's", "IfcLabel", None)),
        (r"IFCLABEL('\X2\6807\X0\')", ("标", "IfcLabel", None)),
        ("IFCLABEL('')", ("", "IfcLabel", None)),
        (
            "IFCTEXT('#30=IFCPROPERTYSINGLEVALUE(''X'',$,$,$);')",
            ("#30=IFCPROPERTYSINGLEVALUE('X',$,$,$);", "IfcText", None),
        ),
        ("IFCBOOLEAN(.T.)", (True, "IfcBoolean", None)),
        ("IFCBOOLEAN(.F.)", (False, "IfcBoolean", None)),
        ("IFCLOGICAL(.U.)", ("UNKNOWN", "IfcLogical", None)),
        ("IFCINTEGER(-7)", (-7, "IfcInteger", None)),
        ("IFCREAL(1.5E-3)", (0.0015, "IfcReal", None)),
        ("IFCREAL(2.)", (2.0, "IfcReal", None)),
        ("IFCREAL(1.E999)", (None, "IfcReal", None)),
        ("IFCLENGTHMEASURE(3300.)", (3300.0, "IfcLengthMeasure", "mm")),
        ("IFCAREAMEASURE(2.5)", (2.5, "IfcAreaMeasure", "m2")),
        ("IFCPLANEANGLEMEASURE(0.5)", (0.5, "IfcPlaneAngleMeasure", "rad")),
        ("IFCTHERMALTRANSMITTANCEMEASURE(0.24)", (0.24, "IfcThermalTransmittanceMeasure", None)),
        ("IFCDATE('2026-01-31')", ("2026-01-31", "IfcDate", None)),
        ("$", (None, "IfcPropertySingleValue", None)),
    ],
)
def test_a_single_value_has_type_and_unit(
    tmp_path: Path, value: str, expected: tuple[object, str, str | None]
) -> None:
    assert of_wall(tmp_path, f"#30=IFCPROPERTYSINGLEVALUE('P',$,{value},$);", "#30") == {"P": expected}


def test_a_propertys_own_unit_wins_over_the_projects(tmp_path: Path) -> None:
    data = "#30=IFCPROPERTYSINGLEVALUE('P',$,IFCLENGTHMEASURE(3.),#31);\n#31=IFCSIUNIT(*,.LENGTHUNIT.,$,.METRE.);"
    assert of_wall(tmp_path, data, "#30") == {"P": (3.0, "IfcLengthMeasure", "m")}


def test_statements_may_be_spelled_with_any_white_space(tmp_path: Path) -> None:
    data = "#30 = \n IFCPROPERTYSINGLEVALUE ( 'P' ,\n $ , IFCLENGTHMEASURE ( 3. ) , $ ) ;"
    assert of_wall(tmp_path, data, "#30") == {"P": (3.0, "IfcLengthMeasure", "mm")}


def test_a_statement_inside_a_comment_is_not_read(tmp_path: Path) -> None:
    data = (
        "#30=IFCPROPERTYSINGLEVALUE(/* odd */'P',$,IFCLABEL('real'),$);\n"
        f"/* #42=IFCRELDEFINESBYPROPERTIES('{guid(42)}',$,$,$,(#20),#40); */"
    )
    assert of_wall(tmp_path, data, "#30") == {"P": ("real", "IfcLabel", None)}


def test_enumerated_and_list_values_are_lists(tmp_path: Path) -> None:
    data = """#30=IFCPROPERTYENUMERATEDVALUE('E',$,(IFCLABEL('a'),IFCLABEL('b')),$);
    #31=IFCPROPERTYLISTVALUE('L',$,(IFCLENGTHMEASURE(1.),IFCLENGTHMEASURE(2.)),$);
    #32=IFCPROPERTYENUMERATEDVALUE('N',$,$,$);"""
    assert of_wall(tmp_path, data, "#30,#31,#32") == {
        "E": (["a", "b"], "IfcLabel", None),
        "L": ([1.0, 2.0], "IfcLengthMeasure", "mm"),
        "N": (None, "IfcPropertyEnumeratedValue", None),
    }


def test_a_bounded_value_is_its_bounds_and_set_point(tmp_path: Path) -> None:
    data = """#30=IFCPROPERTYBOUNDEDVALUE('B',$,IFCLENGTHMEASURE(9.),IFCLENGTHMEASURE(1.),$,IFCLENGTHMEASURE(5.));
    #31=IFCPROPERTYBOUNDEDVALUE('U',$,IFCLENGTHMEASURE(9.),$,#33,$);
    #32=IFCPROPERTYBOUNDEDVALUE('O',$,$,$,$,$);
    #33=IFCSIUNIT(*,.LENGTHUNIT.,$,.METRE.);"""
    assert of_wall(tmp_path, data, "#30,#31,#32") == {
        "B.LowerBoundValue": (1.0, "IfcLengthMeasure", "mm"),
        "B.UpperBoundValue": (9.0, "IfcLengthMeasure", "mm"),
        "B": (5.0, "IfcLengthMeasure", "mm"),
        "U.UpperBoundValue": (9.0, "IfcLengthMeasure", "m"),
        "O": (None, "IfcPropertyBoundedValue", None),
    }


def test_a_bounded_value_of_ifc2x3_has_no_set_point(tmp_path: Path) -> None:
    data = "#30=IFCPROPERTYBOUNDEDVALUE('B',$,IFCREAL(9.),IFCREAL(1.),$);"
    assert set(of_wall(tmp_path, data, "#30", "IFC2X3")) == {"B.LowerBoundValue", "B.UpperBoundValue"}


def test_a_table_is_two_columns(tmp_path: Path) -> None:
    data = "#30=IFCPROPERTYTABLEVALUE('T',$,(IFCREAL(1.),IFCREAL(2.)),(IFCLABEL('a'),IFCLABEL('b')),$,$,$,$);"
    assert of_wall(tmp_path, data, "#30") == {
        "T.DefiningValues": ([1.0, 2.0], "IfcReal", None),
        "T.DefinedValues": (["a", "b"], "IfcLabel", None),
    }


def test_a_reference_is_the_name_of_what_it_refers_to(tmp_path: Path) -> None:
    data = "#30=IFCPROPERTYREFERENCEVALUE('R',$,$,#31);\n#31=IFCMATERIAL('Brick',$,$);"
    assert of_wall(tmp_path, data, "#30") == {"R": ("Brick", "IfcMaterial", None)}


def test_members_of_a_complex_property_carry_its_name(tmp_path: Path) -> None:
    data = """#30=IFCCOMPLEXPROPERTY('C',$,'use',(#31,#32));
    #31=IFCPROPERTYSINGLEVALUE('A',$,IFCINTEGER(1),$);
    #32=IFCCOMPLEXPROPERTY('D',$,'use',(#31,#30));"""
    found = of_wall(tmp_path, data, "#30")
    assert found["C.A"] == found["C.D.A"] == (1, "IfcInteger", None)
    assert max(name.count(".") for name in found) <= 7, "a property inside itself ends somewhere"


def quantities(statements: str, members: str) -> str:
    relation = f"#41=IFCRELDEFINESBYPROPERTIES('{guid(41)}',$,$,$,(#20),#40);\n"
    return f"{WALL}{statements}\n#40=IFCELEMENTQUANTITY('{guid(40)}',$,'Qto',$,$,({members}));\n{relation}"


def test_quantities_have_the_unit_of_their_measure(tmp_path: Path) -> None:
    data = """#30=IFCQUANTITYLENGTH('L',$,$,1200.,$);
    #31=IFCQUANTITYAREA('A',$,$,3.5,'L*H');
    #32=IFCQUANTITYCOUNT('N',$,$,4,$);
    #33=IFCQUANTITYLENGTH('M',$,#35,1.2,$);
    #34=IFCPHYSICALCOMPLEXQUANTITY('Layer',$,(#30),'layer',$,$);
    #35=IFCSIUNIT(*,.LENGTHUNIT.,$,.METRE.);
    #36=IFCQUANTITYWEIGHT('W',$,$,80.,$);"""
    objects = read_text(tmp_path, quantities(data, "#30,#31,#32,#33,#34,#36"))
    assert flat(objects[20].attributes.properties["Qto"]) == {
        "L": (1200.0, "IfcLengthMeasure", "mm"),
        "A": (3.5, "IfcAreaMeasure", "m2"),
        "N": (4, "IfcCountMeasure", None),
        "M": (1.2, "IfcLengthMeasure", "m"),
        "Layer.L": (1200.0, "IfcLengthMeasure", "mm"),
        "W": (80.0, "IfcMassMeasure", None),
    }


def test_quantities_of_ifc2x3_have_no_formula(tmp_path: Path) -> None:
    data = quantities("#30=IFCQUANTITYVOLUME('V',$,$,2.);", "#30").replace(",$,$);\n#30", ",$);\n#30")
    path = write(tmp_path, data.replace("$,$,$,$,$,$);", "$,$,$,$,$);"), "IFC2X3")
    assert flat(read(path)[2][20].attributes.properties["Qto"]) == {"V": (2.0, "IfcVolumeMeasure", None)}


TYPED = f"""{WALL}
#30=IFCPROPERTYSINGLEVALUE('Mine',$,IFCINTEGER(1),$);
#31=IFCPROPERTYSINGLEVALUE('Both',$,IFCLABEL('occurrence'),$);
#32=IFCPROPERTYSINGLEVALUE('Both',$,IFCLABEL('type'),$);
#33=IFCPROPERTYSINGLEVALUE('Inherited',$,IFCINTEGER(2),$);
#40=IFCPROPERTYSET('{guid(40)}',$,'Pset',$,(#30,#31));
#41=IFCRELDEFINESBYPROPERTIES('{guid(41)}',$,$,$,(#20),#40);
#42=IFCPROPERTYSET('{guid(42)}',$,'Pset',$,(#32,#33));
#43=IFCPROPERTYSET('{guid(43)}',$,'TypeOnly',$,(#33));
#44=IFCWALLTYPE('{guid(44)}',$,'W 200',$,$,(#42,#43),$,$,$,.SOLIDWALL.);
#45=IFCRELDEFINESBYTYPE('{guid(45)}',$,$,$,(#20,#21),#44);
#21=IFCWALL('{guid(21)}',$,$,$,$,$,$,$,.NOTDEFINED.);
#22=IFCWALL('{guid(22)}',$,$,$,$,$,$,$,.PARTITIONING.);
#46=IFCRELDEFINESBYTYPE('{guid(46)}',$,$,$,(#22),#44);
"""


def test_sets_of_the_type_are_inherited_and_the_occurrence_wins(tmp_path: Path) -> None:
    objects = read_text(tmp_path, TYPED)
    pset = {name: value.value for name, value in objects[20].attributes.properties["Pset"].items()}
    assert pset == {"Both": "occurrence", "Inherited": 2, "Mine": 1}
    assert objects[20].attributes.properties["TypeOnly"]["Inherited"].value == 2
    assert objects[21].attributes.properties["Pset"]["Both"].value == "type"


def test_the_type_gives_its_name_and_predefined_type(tmp_path: Path) -> None:
    objects = read_text(tmp_path, TYPED)
    given = [(objects[n].attributes.type_name, objects[n].attributes.predefined_type) for n in (20, 21, 22)]
    assert given == [("W 200", "SOLIDWALL"), ("W 200", "SOLIDWALL"), ("W 200", "PARTITIONING")]


def test_a_set_of_definitions_counts_each_of_them(tmp_path: Path) -> None:
    data = f"""{WALL}#30=IFCPROPERTYSINGLEVALUE('P',$,IFCINTEGER(1),$);
    #40=IFCPROPERTYSET('{guid(40)}',$,'One',$,(#30));
    #42=IFCPROPERTYSET('{guid(42)}',$,'Two',$,(#30));
    #41=IFCRELDEFINESBYPROPERTIES('{guid(41)}',$,$,$,(#20),IFCPROPERTYSETDEFINITIONSET((#40,#42)));"""
    assert set(read_text(tmp_path, data)[20].attributes.properties) == {"One", "Two"}


def test_a_predefined_set_shows_its_attributes(tmp_path: Path) -> None:
    data = f"""#20=IFCDOOR('{guid(20)}',$,'D',$,$,$,$,$,2100.,900.,.DOOR.,$,$);
    #40=IFCDOORPANELPROPERTIES('{guid(40)}',$,'Panel',$,40.,.SWINGING.,$,.LEFT.,$);
    #41=IFCRELDEFINESBYPROPERTIES('{guid(41)}',$,$,$,(#20),#40);"""
    assert flat(read_text(tmp_path, data)[20].attributes.properties["Panel"]) == {
        "PanelDepth": (40.0, "IfcPositiveLengthMeasure", "mm"),
        "PanelOperation": ("SWINGING", "IfcDoorPanelOperationEnum", None),
        "PanelPosition": ("LEFT", "IfcDoorPanelPositionEnum", None),
    }


def test_broken_members_cost_themselves_only(tmp_path: Path) -> None:
    data = """#30=IFCPROPERTYSINGLEVALUE('Good',$,IFCINTEGER(1),$);
    #31=IFCPROPERTYSINGLEVALUE('Short');
    #32=IFCPROPERTYSINGLEVALUE($,$,IFCINTEGER(2),#99);"""
    found = of_wall(tmp_path, data, "#30,#31,#32,#98,#6")
    assert found["Good"] == (1, "IfcInteger", None)
    assert found["Short"][0] is None


LITERALS = st.one_of(
    st.integers(-(2**31), 2**31 - 1).map(lambda n: f"IFCINTEGER({n})"),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda x: f"IFCREAL({_real(x)})"),
    st.sampled_from(["IFCBOOLEAN(.T.)", "IFCLOGICAL(.U.)", "$", 'IFCBINARY("0FF")']),
    st.text("ab'\\\u6807 (),;$#=", max_size=12).map(lambda s: f"IFCLABEL('{_escaped(s)}')"),
)


def _real(number: float) -> str:
    mantissa, _, exponent = repr(number).upper().partition("E")
    return (mantissa if "." in mantissa else mantissa + ".") + (f"E{exponent}" if exponent else "")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "''").replace("\u6807", "\\X2\\6807\\X0\\")


@settings(max_examples=60, deadline=None)
@given(st.lists(LITERALS, min_size=1, max_size=8))
def test_the_text_says_what_the_parser_says(
    tmp_path_factory: pytest.TempPathFactory, values: list[str]
) -> None:
    statements = "".join(
        f"#{50 + n}=IFCPROPERTYSINGLEVALUE('P{n}',$,{value},$);\n" for n, value in enumerate(values)
    )
    data = with_set(statements, ",".join(f"#{50 + n}" for n in range(len(values))))
    folder = tmp_path_factory.mktemp("text")
    fast = flat(read_text(folder, data)[20].attributes.properties["Set"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ifc_properties, "read_definitions", lambda _content, _resolve: TextDefinitions())
        assert flat(read_text(folder, data)[20].attributes.properties["Set"]) == fast
