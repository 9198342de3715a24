"""Finds `NaN` and `INF` where numbers belong, and writes a number in their place that the reader takes for infinite.

ISO 10303-21 has no such words (6.4.2); the parser drops them without a word, so that `(NaN,1.,2.)` becomes `(1.,2.)` and an
element stands elsewhere. As an infinite number it costs the elements that use it, and these are reported.
"""

import re
from collections.abc import Iterator

import numpy as np

_FIRST = np.zeros(256, dtype=bool)
_FIRST[list(b"nNiI")] = True
_SECOND = np.zeros(256, dtype=bool)
_SECOND[list(b"aAnN")] = True
_N, _F = ord("n"), ord("f")
_LOWER = np.uint8(0x20)
_OPENING, _SIGNS = np.uint8(ord("(")), ord("-") - ord("(")
"""The signs ( ) * + , - follow one another in ASCII; a difference below zero wraps around to a large one."""
_SHORTEST = 5

_WORD = rb"[+-]?(?:nan(?:\([a-z0-9]*\))?|inf(?:inity)?)"
_FOUND = re.compile(rb"'[^']*'|(?<=[(,])(\s*)" + _WORD + rb"(\s*)(?=[,)])", re.IGNORECASE)
_BORDER = 24
"""Bytes that the longest such word takes with its neighbours."""
_LONGEST_LINE = 8 << 20
"""Without a line end for that long, any semicolon has to do as the end of a statement."""


def has_no_numbers(text: bytes) -> bool:
    """Whether there may be such a word in `text`, strings included: a fast look at the letters after commas and brackets."""
    codes = np.frombuffer(text, dtype=np.uint8)
    if len(codes) < _SHORTEST:
        return False
    small = codes | _LOWER
    third = small[3:]
    likely = (third == _N) | (
        third == _F
    )  # the rarest of the letters first: whole arrays, a millisecond per MB
    before = codes[:-3]
    likely &= (before - _OPENING <= _SIGNS) | (before == _LOWER)  # the bit of small letters is also the space
    at = np.flatnonzero(likely)
    at = at[_FIRST[codes[at + 1]] & _SECOND[codes[at + 2]]]
    return any(_is_word(text[place + 1 : place + _BORDER]) for place in at.tolist())


def _is_word(text: bytes) -> bool:
    return re.match(_WORD + rb"\s*[,)]", text, re.IGNORECASE) is not None


def without_words(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes with such words outside strings replaced, cut where no statement is cut."""
    rest = b""
    for chunk in chunks:
        rest += chunk
        end = rest.rfind(b";\n") + 1 or rest.rfind(b";\r") + 1
        if not end and len(rest) > _LONGEST_LINE:
            end = rest.rfind(b";") + 1 or len(rest)
        if end:
            yield _FOUND.sub(_replaced, rest[:end])
            rest = rest[end:]
    yield _FOUND.sub(_replaced, rest)


def _replaced(match: re.Match[bytes]) -> bytes:
    if match.group(1) is None:
        return match.group()
    return match.group(1) + b"1.E999" + match.group(2)
