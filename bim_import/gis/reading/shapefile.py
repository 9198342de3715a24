"""In which encoding a Shapefile has its texts: they say so seldom, or wrongly, and Chinese ones are GBK."""

import warnings
from pathlib import Path

_LANGUAGE_BYTE = 29
_UNSAID = frozenset({0x00, 0x03, 0x57})
"""Language driver ids (dBase) that are written by default, whatever the texts are in: none, Windows ANSI, ANSI."""

_SAMPLE = 4 << 20
_FALLBACK = "ISO-8859-1"
"""What the Shapefile specification leaves as the default; every byte is a letter in it."""


def companion(shapefile: Path, suffix: str) -> Path | None:
    """The file beside a Shapefile that has its name and another suffix, whatever the case."""
    wanted = (shapefile.stem + suffix).casefold()
    beside = (file for file in shapefile.parent.iterdir() if file.name.casefold() == wanted)
    return next(beside, None)


_UTF8 = frozenset({"utf-8", "utf8", "65001"})
"""What a .cpg has for UTF-8."""

_MOST_BROKEN = 0.1
"""Share of bytes beyond ASCII that are broken in UTF-8: texts are cut at the width of their column, some within a letter."""

_MOST_CHINESE = 0.95


def encoding_of(shapefile: Path) -> str | None:
    """Name of the encoding to read with; None where the file says it itself (.cpg, language byte) or has no texts.

    A .cpg that says UTF-8 of texts that are Chinese in GBK is not believed, with a warning.
    """
    table, page = companion(shapefile, ".dbf"), companion(shapefile, ".cpg")
    if table is None:
        return None
    said = page.read_bytes()[:64].decode("ascii", "replace").strip().casefold() if page else ""
    if page is not None and said not in _UTF8:
        return None
    with table.open("rb") as file:
        sample = file.read(_SAMPLE)
    if page is not None:
        if guessed(sample[32:]) != "GB18030":
            return None
        warnings.warn("Its .cpg says UTF-8, but its texts are GBK: they were read so.", stacklevel=2)
        return "GB18030"
    if len(sample) <= _LANGUAGE_BYTE or sample[_LANGUAGE_BYTE] not in _UNSAID:
        return None
    return guessed(sample[32:])


def guessed(sample: bytes) -> str:
    """UTF-8 where all of it is; GB18030 where nearly all that is not ASCII makes common Chinese; else UTF-8 where nearly all
    of it is, and ISO 8859-1.
    """
    beyond = sum(byte > 0x7F for byte in sample)
    # the sample may end within a letter, which is one error of the file's, not of the encoding
    broken = sample.decode("utf-8", errors="replace")[:-1].count("\ufffd")
    if not broken:
        return "UTF-8"
    if _chinese(sample) / beyond > _MOST_CHINESE:
        return "GB18030"
    return "UTF-8" if broken < beyond * _MOST_BROKEN else _FALLBACK


def _chinese(sample: bytes) -> int:
    """Bytes beyond ASCII that decode to the 6,763 characters of GB 2312."""
    common = sample.decode("gb18030", errors="replace").encode("gb2312", errors="ignore")
    return sum(byte > 0x7F for byte in common)
