r"""Escapes for characters in the texts of an IFC file (ISO 10303-21, 6.4.3): what is none, and what the parser drops.

A backslash that begins no escape (`C:\temp`) makes the parser refuse the whole file. Surrogate pairs in `\X2\` are dropped
by it without a word, though many writers encode characters beyond the basic plane so.
"""

import re

_MAX_REST_BYTES = 1 << 20
"""Text without line end or semicolon that is kept for the next chunk: no escape is that long."""

_ESCAPES = r"""
    \\X2\\(?P<wide>(?:[0-9A-Fa-f]{4})+)\\X0\\
    | \\(?:\\ | X4\\(?:[0-9A-Fa-f]{8})+\\X0\\ | X\\[0-9A-Fa-f]{2} | S\\[\x20-\x7e] | P[A-I]\\ | N\\)
    | \\
    """
"""Every backslash with what it begins: a `\\X2\\` run, another valid escape, or nothing."""

_ESCAPE = re.compile(_ESCAPES, re.VERBOSE)
_ESCAPE_BYTES = re.compile(_ESCAPES.encode("ascii"), re.VERBOSE)

_SURROGATES = r"(?:[0-9A-Fa-f]{4})*?[Dd][89A-Fa-f][0-9A-Fa-f]{2}"
"""A run of UTF-16 units with a surrogate in it."""

_SURROGATE = re.compile(_SURROGATES)
_SURROGATE_BYTES = re.compile(_SURROGATES.encode("ascii"))

_COMMENT = re.compile(rb"('(?:[^']|'')*')|/\*.*?\*/", re.DOTALL)


class EscapeCounter:
    """Counts the backslashes of a text, fed in chunks of ASCII bytes, that begin no escape or one that the parser drops.

    Comments in the header do not count: some writers leave paths of Windows there.
    """

    def __init__(self) -> None:
        self.bad = 0
        self._rest = b""
        self._in_header = True

    def feed(self, chunk: bytes) -> None:
        """Count in the next chunk; what may be the beginning of an escape waits for the one after."""
        if self._in_header:
            self._in_header = False
            end = max(0, chunk.find(b"ENDSEC"))
            chunk = _COMMENT.sub(rb"\1", chunk[:end]) + chunk[end:]
        end = whole_escapes(chunk)
        if end and (b"\\" in self._rest or chunk.find(b"\\", 0, end) >= 0):
            self._count(self._rest + chunk[:end])
        self._rest = chunk[end:] if end else (self._rest + chunk)[-_MAX_REST_BYTES:]

    def finish(self) -> int:
        """The count for the whole text."""
        self._count(self._rest)
        return self.bad

    def _count(self, part: bytes) -> None:
        for match in _ESCAPE_BYTES.finditer(part):
            wide = match.group("wide")
            if match.end() - match.start() == 1 or (wide is not None and _SURROGATE_BYTES.match(wide)):
                self.bad += 1


def whole_escapes(chunk: bytes) -> int:
    """Where the text may be cut: after the last line end or semicolon, as neither stands in the middle of an escape or of a
    character (GB 18030 has neither byte inside a character). 0 where there is none.
    """
    return max(chunk.rfind(b"\n"), chunk.rfind(b";")) + 1


def mended(text: str) -> str:
    r"""The text with lone backslashes doubled and surrogates of `\X2\` runs joined in `\X4\`."""
    return _ESCAPE.sub(_mended, text)


def _mended(match: re.Match[str]) -> str:
    r"""A valid escape as it is, a `\X2\` run with surrogates as `\X4\`, a lone backslash doubled."""
    wide = match.group("wide")
    if wide is not None and _SURROGATE.match(wide):
        return escaped(bytes.fromhex(wide).decode("utf-16-be", errors="replace"))
    return match.group() if match.end() - match.start() > 1 else "\\\\"


def escaped(text: str) -> str:
    r"""Characters as one `\X2\` (basic plane) or `\X4\` (all others) escape (ISO 10303-21, 6.4.3.3)."""
    if max(text) <= "\uffff":
        return f"\\X2\\{text.encode('utf-16-be').hex().upper()}\\X0\\"
    return f"\\X4\\{text.encode('utf-32-be').hex().upper()}\\X0\\"
