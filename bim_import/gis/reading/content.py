"""What may go to GDAL, which tells formats by content: a file that describes data elsewhere would have it fetch them, whatever its name.

GDAL itself is kept off the network, too: a CRS, a schema or a layer may be named by an address.
"""

import os
import re
from pathlib import Path

import pyogrio

from bim_import.elsewhere import HEAD_BYTES, WHAT, lies_elsewhere
from twin.errors import DamagedSource, UnsupportedSource

_BEGINS = {".gpkg": b"SQLite format 3\0", ".fgb": b"fgb", ".shp": b"\0\0\x27\x0a"}
_XML = frozenset({".kml", ".gml", ".xml"})

_DOCTYPE = re.compile(rb"<!DOCTYPE", re.IGNORECASE)

_LOCAL = {
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "none",
    "GDAL_HTTP_PROXY": "http://127.0.0.1:1",
    "GDAL_HTTPS_PROXY": "http://127.0.0.1:1",
    "GML_DOWNLOAD_SCHEMA": "NO",
    "GML_DOWNLOAD_WFS_SCHEMA": "NO",
    "GML_SKIP_RESOLVE_ELEMS": "ALL",
}
"""A proxy that nobody can listen as: what GDAL would fetch fails at once, without a name being looked up."""


def keep_local() -> None:
    """Have GDAL fetch nothing, in this process: that of one import, which has no business with the network."""
    for name in ("no_proxy", "NO_PROXY"):
        os.environ.pop(name, None)  # else what it names would be asked without the proxy
    pyogrio.set_gdal_config_options(_LOCAL)


def check_content(path: str, source: str) -> None:
    """Whether a file may go to GDAL. Raises DamagedSource, UnsupportedSource; nothing for a file that is not there, of which GDAL tells."""
    file = Path(path.removeprefix("GeoJSONSeq:"))
    if not file.is_file():
        return
    with file.open("rb") as opened:
        head = opened.read(HEAD_BYTES)
    suffix = file.suffix.lower()
    plain = head.replace(b"\0", b"")  # UTF-16 becomes readable enough
    begins = plain.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")[:1]
    wrong = not head.startswith(_BEGINS.get(suffix, b"")) or (suffix in _XML and begins != b"<")
    if wrong:
        raise DamagedSource(source, f"its content is none of a {suffix} file", "Name it as what it is.")
    if lies_elsewhere(plain):
        advice = "Write the data themselves to a file, for example as GeoPackage with ogr2ogr."
        raise UnsupportedSource(source, WHAT, advice)
    if begins == b"<" and _DOCTYPE.search(plain):
        raise UnsupportedSource(
            source,
            "it has a document type declaration, which is how XML bombs are made",
            "Remove the <!DOCTYPE …> from the file.",
        )
