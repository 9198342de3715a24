"""Units: symbols of all kinds of units, and metres in a length unit."""

from pathlib import Path

import pytest

from bim_import.ifc.properties.layout import Layout
from bim_import.ifc.properties.units import Units
from bim_import.ifc.reading.open import open_ifc
from tests.bim_import.part21 import part21, write

BASE = """
#1=IFCPROJECT('1Pro000000000000000001',$,'P',$,$,$,$,$,#2);
#10=IFCSIUNIT(*,.LENGTHUNIT.,$,.METRE.);
#11=IFCSIUNIT(*,.MASSUNIT.,.KILO.,.GRAM.);
#12=IFCSIUNIT(*,.THERMODYNAMICTEMPERATUREUNIT.,$,.KELVIN.);
#13=IFCSIUNIT(*,.TIMEUNIT.,$,.SECOND.);
#14=IFCSIUNIT(*,.POWERUNIT.,$,.WATT.);
#15=IFCSIUNIT(*,.LENGTHUNIT.,.MILLI.,.METRE.);
#16=IFCDIMENSIONALEXPONENTS(1,0,0,0,0,0,0);
#17=IFCMEASUREWITHUNIT(IFCLENGTHMEASURE(0.3048),#10);
#18=IFCCONVERSIONBASEDUNIT(#16,.LENGTHUNIT.,'FOOT',#17);
"""


def units(folder: Path, assigned: str, data: str = "") -> Units:
    text = f"#2=IFCUNITASSIGNMENT(({assigned}));\n{BASE}\n{data}"
    return Units(Layout(open_ifc(write(folder, text, tree=False)).file))


def conversion(name: str) -> str:
    return f"#50=IFCCONVERSIONBASEDUNIT(#16,.LENGTHUNIT.,'{name}',#17);"


@pytest.mark.parametrize(
    ("unit", "measure", "symbol"),
    [
        ("#50=IFCSIUNIT(*,.LENGTHUNIT.,$,.METRE.);", "IfcLengthMeasure", "m"),
        ("#50=IFCSIUNIT(*,.LENGTHUNIT.,.MILLI.,.METRE.);", "IfcPositiveLengthMeasure", "mm"),
        ("#50=IFCSIUNIT(*,.LENGTHUNIT.,.MICRO.,.METRE.);", "IfcNonNegativeLengthMeasure", "um"),
        ("#50=IFCSIUNIT(*,.AREAUNIT.,.CENTI.,.SQUARE_METRE.);", "IfcAreaMeasure", "cm2"),
        ("#50=IFCSIUNIT(*,.VOLUMEUNIT.,$,.CUBIC_METRE.);", "IfcVolumeMeasure", "m3"),
        ("#50=IFCSIUNIT(*,.MASSUNIT.,.KILO.,.GRAM.);", "IfcMassMeasure", "kg"),
        (
            "#50=IFCSIUNIT(*,.THERMODYNAMICTEMPERATUREUNIT.,$,.DEGREE_CELSIUS.);",
            "IfcThermodynamicTemperatureMeasure",
            "Cel",
        ),
        ("#50=IFCSIUNIT(*,.PLANEANGLEUNIT.,$,.RADIAN.);", "IfcPositivePlaneAngleMeasure", "rad"),
        ("#50=IFCSIUNIT(*,.ILLUMINANCEUNIT.,$,.LUX.);", "IfcIlluminanceMeasure", "lx"),
        ("#50=IFCMONETARYUNIT('CNY');", "IfcMonetaryMeasure", "CNY"),
        ("#50=IFCCONTEXTDEPENDENTUNIT(#16,.LENGTHUNIT.,'hand');", "IfcLengthMeasure", "hand"),
        (conversion("FOOT"), "IfcLengthMeasure", "ft"),
        (conversion("Feet"), "IfcLengthMeasure", "Feet"),
        (conversion("inch"), "IfcLengthMeasure", "in"),
        (conversion("US_SURVEY_FOOT"), "IfcLengthMeasure", "ft_us"),
        (conversion("smoot"), "IfcLengthMeasure", "smoot"),
    ],
)
def test_every_kind_of_unit_has_a_short_symbol(tmp_path: Path, unit: str, measure: str, symbol: str) -> None:
    assert units(tmp_path, "#50", unit).of_measure(measure) == symbol


@pytest.mark.parametrize(
    ("elements", "symbol"),
    [
        ([(14, 1), (10, -2), (12, -1)], "W/(m2.K)"),
        ([(11, 1), (12, -1), (13, -3)], "W/(m2.K)"),
        ([(10, 3), (13, -1)], "m3/s"),
        ([(11, 1), (10, -3)], "kg/m3"),
        ([(13, -1)], "1/s"),
        ([(10, 1), (10, 1)], "m2"),
        ([(18, 1), (13, -1)], "ft/s"),
    ],
)
def test_a_derived_unit_is_a_quotient_of_its_elements(
    tmp_path: Path, elements: list[tuple[int, int]], symbol: str
) -> None:
    parts = "".join(
        f"#{60 + n}=IFCDERIVEDUNITELEMENT(#{unit},{power});\n" for n, (unit, power) in enumerate(elements)
    )
    members = ",".join(f"#{60 + n}" for n in range(len(elements)))
    data = f"{parts}#50=IFCDERIVEDUNIT(({members}),.THERMALTRANSMITTANCEUNIT.,$);"
    assert units(tmp_path, "#50", data).of_measure("IfcThermalTransmittanceMeasure") == symbol


@pytest.mark.parametrize(
    "measure", ["IfcLabel", "IfcRatioMeasure", "IfcCountMeasure", "IfcBoolean", "IfcPowerMeasure"]
)
def test_what_has_no_unit_or_none_assigned_has_no_symbol(tmp_path: Path, measure: str) -> None:
    assert units(tmp_path, "#10").of_measure(measure) is None


@pytest.mark.parametrize(
    ("assigned", "data", "metres"),
    [
        ("#10", "", 1.0),
        ("#15", "", 0.001),
        ("#18", "", 0.3048),
        (
            "#50",
            "#50=IFCCONVERSIONBASEDUNIT(#16,.LENGTHUNIT.,'X',#51);#51=IFCMEASUREWITHUNIT(IFCLENGTHMEASURE(2.),#18);",
            0.6096,
        ),
        ("", "", 1.0),
        (
            "#50",
            "#50=IFCCONVERSIONBASEDUNIT(#16,.LENGTHUNIT.,'LOOP',#51);#51=IFCMEASUREWITHUNIT(IFCLENGTHMEASURE(2.),#50);",
            1.0,
        ),
        ("#50", "#50=IFCCONVERSIONBASEDUNIT(#16,.LENGTHUNIT.,'NONE',$);", 1.0),
        (
            "#50",
            "#50=IFCCONVERSIONBASEDUNIT(#16,.LENGTHUNIT.,'ZERO',#51);#51=IFCMEASUREWITHUNIT(IFCLENGTHMEASURE(0.),#10);",
            1.0,
        ),
    ],
)
def test_metres_in_the_projects_length_unit(tmp_path: Path, assigned: str, data: str, metres: float) -> None:
    assert units(tmp_path, assigned, data).length_factor == pytest.approx(metres, rel=1e-12)


def test_a_file_without_a_project_still_has_its_units(tmp_path: Path) -> None:
    text = part21("#2=IFCUNITASSIGNMENT((#3));#3=IFCSIUNIT(*,.LENGTHUNIT.,.MILLI.,.METRE.);", tree=False)
    path = tmp_path / "library.ifc"
    path.write_text(text, encoding="ascii")
    assert Units(Layout(open_ifc(path).file)).of_measure("IfcLengthMeasure") == "mm"
