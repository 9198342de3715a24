"""CityGML files, read member by member: memory holds one city object with its parts at a time.

Files come from anywhere: document types (and with them entities, the stuff of XML bombs) are refused, nothing is fetched.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from xml.parsers import expat

from lxml import etree

from twin.errors import DamagedSource, UnsupportedSource

Element = Any
"""An element of lxml, which ships no annotations."""

_SPACE = "http://www.opengis.net/citygml/"
_VERSIONS = ("1.0", "2.0", "3.0")
_MEMBERS = frozenset({"cityObjectMember", "featureMember", "featureMembers", "member"})
_APPEARANCES = frozenset({"appearanceMember"})
_TOP = frozenset({"CityModel", "FeatureCollection"})
GML = frozenset({"http://www.opengis.net/gml", "http://www.opengis.net/gml/3.2"})
XLINK = "{http://www.w3.org/1999/xlink}href"
_IDS = tuple(f"{{{space}}}id" for space in sorted(GML))
_CHUNK = 1 << 16


def local(element: Element) -> str:
    """Name of an element without its namespace; empty for comments and processing instructions."""
    tag = element.tag
    return tag.rsplit("}", 1)[-1] if isinstance(tag, str) else ""


def namespace(element: Element) -> str:
    """Namespace of an element."""
    tag = element.tag
    return tag[1:].split("}", 1)[0] if isinstance(tag, str) and tag.startswith("{") else ""


def gml_id(element: Element) -> str | None:
    """The gml:id, in GML 3.1 or 3.2."""
    for name in _IDS:
        found = element.get(name)
        if found:
            return str(found)
    return None


def children(element: Element) -> Iterator[Element]:
    """Child elements, without comments."""
    return (child for child in element if isinstance(child.tag, str))


def text_of(element: Element) -> str:
    """The text of an element, stripped."""
    return str(element.text).strip() if element.text else ""


def version_of(path: Path) -> str:
    """The version of CityGML. Raises DamagedSource for what is no XML, UnsupportedSource for what is none of these."""
    head = _Head()
    try:
        with suppress(_SeenEnoughError):
            head.read(path)
    except expat.ExpatError as error:
        raise _damaged(path, str(error)) from error
    if head.doctype:
        raise UnsupportedSource(
            str(path),
            "it has a document type declaration, which is how XML bombs are made",
            "Remove the <!DOCTYPE …> from the file: CityGML needs none.",
        )
    for version in _VERSIONS:
        if any(each.startswith(_SPACE) and each.endswith(version) for each in head.namespaces):
            return version
    raise UnsupportedSource(
        str(path),
        "it names no version of CityGML that is read (1.0, 2.0 or 3.0)",
        "Convert it, for example to CityJSON with citygml-tools.",
    )


class _SeenEnoughError(Exception):
    """The first element, or a document type, has been met."""


class _Head:
    """What an XML file says before and in its first element."""

    def __init__(self) -> None:
        self.namespaces: set[str] = set()
        self.doctype = False

    def read(self, path: Path) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartNamespaceDeclHandler = lambda _prefix, uri: self.namespaces.add(uri or "")
        parser.StartDoctypeDeclHandler = self._found_doctype
        parser.StartElementHandler = lambda _name, _attributes: self._finish()
        with path.open("rb") as file:
            while block := file.read(_CHUNK):
                parser.Parse(block)
        parser.Parse(b"", True)  # noqa: FBT003 - of the standard library, by position only

    def _found_doctype(self, *_: object) -> None:
        self.doctype = True
        raise _SeenEnoughError

    def _finish(self) -> None:
        raise _SeenEnoughError


def members(path: Path) -> Iterator[Element]:
    """City objects and appearances at the top of the file, one at a time: an element is gone after the next is asked for.

    Raises DamagedSource where the XML breaks.
    """
    try:
        for _, element in etree.iterparse(
            str(path),
            events=("end",),
            tag=[f"{{*}}{name}" for name in (*_MEMBERS, *_APPEARANCES)],
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=True,
        ):
            above = element.getparent()
            if above is None or local(above) not in _TOP:
                continue
            yield element
            element.clear()
            while element.getprevious() is not None:
                del above[0]
    except etree.XMLSyntaxError as error:
        raise _damaged(path, str(error)) from error


def is_appearance(member: Element) -> bool:
    """Whether a member of the top holds appearances."""
    return local(member) in _APPEARANCES


def _damaged(path: Path, why: str) -> DamagedSource:
    return DamagedSource(
        str(path), f"its XML is broken ({why})", "It may be cut off: download or export it again."
    )
