"""Numbers the objects of a file before anything else is read of them: STEP id ↔ ordinal ↔ global id."""

import re
import unicodedata
from dataclasses import dataclass

import ifcopenshell

from twin.objects import RESERVED_SEGMENTS

_GLOBAL_ID = re.compile(r"[0-3][0-9A-Za-z_$]{21}")
"""IfcGloballyUniqueId: 128 bits in 22 characters, the first of which holds two bits (IFC 4.3, 8.1.2.3)."""

_MAX_STEP_ID = 2**31 - 1
"""The parser counts ids in 32 bits, and `#-5` as one of the upper half, which it then cannot find."""

_USABLE = re.compile(r"[^\x00-\x1f\x7f/\\?#%~. ][^\x00-\x1f\x7f/\\?#%~]{0,63}")
"""What can stand as a segment of an id although it is no GlobalId."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductIndex:
    """All objects of a source (every IfcProject and IfcProduct), numbered 0…n-1 in plain string order of global id.

    `step_ids` and `global_ids` are by ordinal; `product_count` leaves the projects out.
    """

    ordinal_of: dict[int, int]
    step_ids: list[int]
    global_ids: list[str]
    product_count: int
    warnings: list[str]


def index_products(file: ifcopenshell.file) -> ProductIndex:
    """Index every IfcProject and IfcProduct of `file`; about one microsecond each.

    A GlobalId that occurs before gets `~2`, `~3` … appended, in the order of STEP ids. One that cannot be part of an id
    (missing, empty, separators or control characters in it) is replaced by `step-{STEP id}`, which is as stable as the
    exporter's numbering. Both are warned about.
    """
    products = file.by_type("IfcProduct")
    found: dict[int, object] = {}
    left_out: list[int] = []
    projects = 0
    for entity in (*file.by_type("IfcProject"), *products):
        step_id = entity.id()
        if step_id in found or step_id > _MAX_STEP_ID:
            left_out.append(step_id)
        else:
            found[step_id] = _text(entity)
            projects += entity.is_a() == "IfcProject"
    ids, warnings = _unique_ids(dict(sorted(found.items())))
    if left_out:
        warnings.append(
            f"{len(left_out)} objects repeat the STEP id of another, or have none, and are left out (first: #{left_out[0]})"
        )
    ordered = sorted((global_id, step_id) for step_id, global_id in ids.items())
    return ProductIndex(
        ordinal_of={step_id: ordinal for ordinal, (_, step_id) in enumerate(ordered)},
        step_ids=[step_id for _, step_id in ordered],
        global_ids=[global_id for global_id, _ in ordered],
        product_count=len(found) - projects,
        warnings=warnings,
    )


def _text(entity: ifcopenshell.entity_instance) -> object:
    """The GlobalId as it is read; None where its text is damaged."""
    try:
        return entity.get_argument(0)
    except RuntimeError:
        return None


def _unique_ids(found: dict[int, object]) -> tuple[dict[int, str], list[str]]:
    """STEP id → global id, each once, and what was wrong with them. `found` is in order of STEP ids."""
    ids: dict[int, str] = {}
    taken: set[str] = set()
    copies: dict[str, int] = {}
    odd: list[int] = []
    replaced: list[int] = []
    for step_id, text in found.items():
        if type(text) is str and _GLOBAL_ID.fullmatch(text):
            base = text
        else:
            base = _stand_in(step_id, text)
            (replaced if base == f"step-{step_id}" else odd).append(step_id)
        unique = base
        while unique in taken:
            copies[base] = copies.get(base, 1) + 1
            unique = f"{base}~{copies[base]}"
        taken.add(unique)
        ids[step_id] = unique
    return ids, _id_warnings(odd, replaced, copies)


def _stand_in(step_id: int, text: object) -> str:
    normal = unicodedata.normalize("NFC", text) if isinstance(text, str) else ""
    if _USABLE.fullmatch(normal) and normal not in RESERVED_SEGMENTS:
        return normal
    return f"step-{step_id}"


def _id_warnings(odd: list[int], replaced: list[int], copies: dict[str, int]) -> list[str]:
    warnings = []
    if odd:
        warnings.append(
            f"{len(odd)} objects have a GlobalId that is not 22 base-64 characters (first: #{odd[0]})"
        )
    if replaced:
        warnings.append(
            f"{len(replaced)} objects have no usable GlobalId and are named by STEP id (first: step-{replaced[0]})"
        )
    if copies:
        extra = sum(copies.values()) - len(copies)
        warnings.append(
            f"{extra} objects repeat the GlobalId of another and got ~2, ~3 … appended (first: {next(iter(copies))})"
        )
    return warnings
