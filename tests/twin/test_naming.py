"""Names in two languages, out of what files of building models have."""

import pytest

from twin.naming import by_language

CASES = [
    (("雨水泵站", None, "Pump house"), {"zh": "雨水泵站", "en": "Pump house"}),
    (("Pump house", "雨水泵站"), {"en": "Pump house", "zh": "雨水泵站"}),
    (("1号楼 A座", "宁波 Ningbo community", "Building 1"), {"zh": "1号楼 A座", "en": "Building 1"}),
    (("1号楼 Building one", "Building 1"), {}),
    (("雨水泵站", "泵站"), {}),
    (("Pump house", "House of pumps"), {}),
    (("007", "Pump house"), {}),
    ((None, "Pump house"), {}),
]


@pytest.mark.parametrize(("names", "expected"), CASES)
def test_the_other_language_is_that_of_the_first_text_in_other_letters(
    names: tuple[str | None, ...], expected: dict[str, str]
) -> None:
    assert by_language(*names) == expected
