"""Files that hold no data and say where data are: GDAL would fetch those, from any address and any place of the disk."""

import re

HEAD_BYTES = 1 << 20
"""Of a file, that are looked at: more than GDAL does to tell a format."""

_ELEMENTS = re.compile(
    rb"<\s*(?:\w+:)?(?:OGR\w*DataSource|VRTDataset|GDAL_W\w+|WCS_GDAL|WMS_\w+|WFS_Capabilities|TileMap\w*)\b",
    re.IGNORECASE,
)
"""First elements of GDAL's virtual layers and of descriptions of web services. They count wherever they stand: GDAL looks no closer."""

WHAT = "it describes data that lie elsewhere (a virtual layer or a web service); nothing is fetched"


def lies_elsewhere(head: bytes) -> bool:
    """Whether the first `HEAD_BYTES` of a file are such a description."""
    return _ELEMENTS.search(head) is not None
