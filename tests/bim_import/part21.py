"""Small IFC files as text, written by hand: a test says what is in them, not how a library writes them."""

from pathlib import Path

import ifcopenshell

from bim_import.ifc.properties.objects import read_objects
from bim_import.ifc.reading.index import ProductIndex, index_products
from bim_import.ifc.reading.open import OpenedIfc, open_ifc
from twin.objects import SourceObject

PROJECT, SITE, BUILDING, STOREY = (f"0Kpj0000000000000000{n:02d}" for n in range(1, 5))

_TREE = f"""
#1=IFCPROJECT('{PROJECT}',$,'Project',$,$,$,$,$,#2);
#2=IFCUNITASSIGNMENT((#3,#4,#5));
#3=IFCSIUNIT(*,.LENGTHUNIT.,.MILLI.,.METRE.);
#4=IFCSIUNIT(*,.AREAUNIT.,$,.SQUARE_METRE.);
#5=IFCSIUNIT(*,.PLANEANGLEUNIT.,$,.RADIAN.);
#6=IFCSITE('{SITE}',$,'Site',$,$,$,$,$,.ELEMENT.,$,$,$,$,$);
#7=IFCBUILDING('{BUILDING}',$,'Building',$,$,$,$,$,.ELEMENT.,$,$,$);
#8=IFCBUILDINGSTOREY('{STOREY}',$,'1F',$,$,$,$,$,.ELEMENT.,3300.);
#9=IFCRELAGGREGATES('0Rel00000000000000000001',$,$,$,#1,(#6));
#10=IFCRELAGGREGATES('0Rel00000000000000000002',$,$,$,#6,(#7));
#11=IFCRELAGGREGATES('0Rel00000000000000000003',$,$,$,#7,(#8));
"""
"""Project → site → building → storey `1F` at 3.3 m; units millimetre, square metre, radian. STEP ids to 11 are taken."""


def part21(data: str, schema: str = "IFC4", *, tree: bool = True) -> str:
    """A whole file around the statements `data`."""
    return (
        "ISO-10303-21;\nHEADER;\nFILE_DESCRIPTION((''),'2;1');\nFILE_NAME('','',(''),(''),'','','');\n"
        f"FILE_SCHEMA(('{schema}'));\nENDSEC;\nDATA;{_TREE if tree else ''}\n{data}\nENDSEC;\nEND-ISO-10303-21;\n"
    )


def guid(number: int) -> str:
    """A valid GlobalId."""
    return f"1Any{number:018d}"


def write(folder: Path, data: str, schema: str = "IFC4", *, tree: bool = True) -> Path:
    """The file of `part21` on disk."""
    path = folder / "model.ifc"
    path.write_text(part21(data, schema, tree=tree), encoding="ascii")
    return path


def read(path: Path) -> tuple[OpenedIfc, ProductIndex, dict[int, SourceObject]]:
    """A file opened, indexed and read: objects by STEP id."""
    opened = open_ifc(path)
    index = index_products(opened.file)
    objects = [item for batch in read_objects(opened, index) for item in batch]
    assert [item.ordinal for item in objects] == list(range(len(index.step_ids)))
    return opened, index, {index.step_ids[item.ordinal]: item for item in objects}


def read_text(folder: Path, data: str, schema: str = "IFC4") -> dict[int, SourceObject]:
    """Objects by STEP id of a file with the usual tree and the statements `data`."""
    return read(write(folder, data, schema))[2]


def eager(path: Path) -> ifcopenshell.file:
    """The same file through ifcopenshell's ordinary door."""
    file = ifcopenshell.open(path)
    assert isinstance(file, ifcopenshell.file)
    return file
