"""In which encoding a Shapefile has its texts: they say so seldom, and Chinese ones are GBK."""

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


def encoding_of(shapefile: Path) -> str | None:
    """Name of the encoding to read with; None where the file says it itself (.cpg, language byte) or has no texts."""
    table = companion(shapefile, ".dbf")
    if companion(shapefile, ".cpg") is not None or table is None:
        return None
    with table.open("rb") as file:
        sample = file.read(_SAMPLE)
    if len(sample) <= _LANGUAGE_BYTE or sample[_LANGUAGE_BYTE] not in _UNSAID:
        return None
    return guessed(sample[32:])


def guessed(sample: bytes) -> str:
    """UTF-8 where all of it is; GB18030 where nearly all that is not ASCII makes common Chinese; else ISO 8859-1."""
    beyond = sum(byte > 0x7F for byte in sample)
    if not beyond or _share("utf-8", sample, beyond) == 1.0:
        return "UTF-8"
    return "GB18030" if _share("gb18030", sample, beyond) > 0.95 else _FALLBACK


def _share(encoding: str, sample: bytes, beyond: int) -> float:
    """Share of the bytes beyond ASCII that decode to letters; for Chinese: to the 6,763 characters of GB 2312."""
    text = sample.decode(encoding, errors="replace")
    if encoding == "utf-8":
        # the sample may end within a letter, which is one error of the file's, not of the encoding
        return 1.0 if text[:-1].count("\ufffd") == 0 else 0.0
    common = text.encode("gb2312", errors="ignore")
    return sum(byte > 0x7F for byte in common) / beyond
