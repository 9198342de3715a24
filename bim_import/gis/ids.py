"""Ids of all features of a source: made unique, and put in order."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin.objects import RESERVED_SEGMENTS

_RESERVED = f"(^|/)({'|'.join(sorted(RESERVED_SEGMENTS))})$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """Ids by number of appearance, `ordinals` (n,) their places in plain string order, and what was changed of them."""

    ids: pa.Array
    ordinals: NDArray[np.int64]
    order: NDArray[np.int64]
    repeated: int
    missing: int


def numbered(found: pa.Array, instead: pa.Array) -> Numbered:
    """Unique ids from those that were `found` (n,), null where a feature has none: then `#` and its number `instead`.

    A later feature of the same id gets `~2`, `~3` … behind it, as the order of the source has them. One that ends in a
    reserved word (`children`, `a/trace`) gets a `~`.
    """
    missing = pc.is_null(found)
    ids = pc.if_else(missing, pc.binary_join_element_wise("#", instead, ""), found)
    reserved = pc.match_substring_regex(ids, _RESERVED)
    ids = pc.if_else(reserved, pc.binary_join_element_wise(ids, "", "~"), ids)
    order = _order(ids)
    later = _repeated(ids, order)
    if len(later):
        ids = _renamed(ids, later)
        order = _order(ids)
    ordinals = np.empty(len(ids), dtype=np.int64)
    ordinals[order] = np.arange(len(ids))
    return Numbered(
        ids=ids,
        ordinals=ordinals,
        order=order,
        repeated=len(later),
        missing=int(pc.sum(missing).as_py() or 0),
    )


def _order(ids: pa.Array) -> NDArray[np.int64]:
    """Numbers in the order of their ids; UTF-8 sorts as code points do. Equal ids keep their order."""
    return np.asarray(pc.array_sort_indices(ids).to_numpy(zero_copy_only=False)).astype(np.int64)


def _repeated(ids: pa.Array, order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers of those whose id an earlier one has, ascending."""
    if len(order) < 2:
        return np.empty(0, np.int64)
    ordered = ids.take(pa.array(order))
    same = pc.equal(ordered[1:], ordered[:-1]).to_numpy(zero_copy_only=False)
    return np.sort(order[1:][np.asarray(same, dtype=bool)])


def _renamed(ids: pa.Array, later: NDArray[np.int64]) -> pa.Array:
    """The ids with those of `later` made unique."""
    texts = ids.to_pylist()
    taken, copies = set(texts), dict[str, int]()
    for number in later.tolist():
        text = texts[number]
        copy = copies.get(text, 1) + 1
        while f"{text}~{copy}" in taken:
            copy += 1
        copies[text] = copy
        texts[number] = f"{text}~{copy}"
        taken.add(texts[number])
    return pa.array(texts, type=pa.string())
