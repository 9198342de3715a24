"""Names in the languages of the page, out of what a source has. Pure."""

import re

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
"""CJK ideographs of the basic plane (Unicode 16, chapter 18)."""
_LETTER = re.compile(r"[A-Za-z]")
_WORDS = re.compile(r"[A-Za-z]{3,} [A-Za-z]{2,}")
"""English, and not a type or a number (`A座`, `WM-07`) within a Chinese name."""


def by_language(name: str | None, *others: str | None) -> dict[str, str]:
    """`name` under `zh` or `en` by its letters, and under the other of the two the first of `others` in those letters alone.

    Files of building models name things in one language and tell the other in a long name or a description. Where that is not
    so, or where both languages stand in one text, the answer is empty: the name is the same for everyone.
    """
    if not name:
        return {}
    own = _language(name)
    other = {"zh": "en", "en": "zh"}.get(own)
    told = next((each for each in others if each and _language(each) == other), None)
    return {own: name, other: told} if other and told else {}


def _language(text: str) -> str:
    if _HAN.search(text):
        return "both" if _WORDS.search(text) else "zh"
    return "en" if _LETTER.search(text) else "neither"
