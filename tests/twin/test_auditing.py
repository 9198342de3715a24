"""The chain of the audit: each way of tampering is found."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from twin.access import AuditRecord, Entry
from twin.auditing import FIRST, Finding, Head, head_of, mac_of, verify

KEY, OTHER = b"k" * 32, b"o" * 32
COUNT = 6


def _chain(key: bytes = KEY, *targets: str) -> list[AuditRecord]:
    records, mac = [], FIRST
    for seq, target in enumerate(targets or [str(n) for n in range(COUNT)], 1):
        entry = Entry(who="administrator", action="model.remove", target=target)
        mac = mac_of(key, mac, seq, seq * 10, entry)
        records.append(AuditRecord(seq=seq, at=seq * 10, entry=entry, mac=mac))
    return records


def _heads(records: list[AuditRecord]) -> list[Head]:
    return [head_of(records[2]), head_of(records[-1])]


def test_a_chain_that_nobody_touched_is_whole() -> None:
    chain = _chain()
    assert verify(chain, KEY, _heads(chain), count=COUNT) == []


@pytest.mark.parametrize("place", range(COUNT))
@pytest.mark.parametrize("field", Entry.__struct_fields__)
def test_a_changed_field_is_found_where_it_is(place: int, field: str) -> None:
    chain = _chain()
    changed = replace(chain[place].entry, **{field: "somebody else"})
    chain[place] = replace(chain[place], entry=changed)
    assert [finding.seq for finding in verify(chain, KEY)] == [place + 1]


@pytest.mark.parametrize("place", range(COUNT))
def test_a_changed_time_is_found(place: int) -> None:
    chain = _chain()
    chain[place] = replace(chain[place], at=chain[place].at + 1)
    assert [finding.seq for finding in verify(chain, KEY)] == [place + 1]


@pytest.mark.parametrize("place", range(COUNT - 1))
def test_an_entry_that_was_taken_out_is_found(place: int) -> None:
    chain = _chain()
    del chain[place]
    assert verify(chain, KEY)


@pytest.mark.parametrize("place", range(COUNT - 1))
def test_an_entry_that_was_taken_out_is_found_though_the_others_were_numbered_anew(place: int) -> None:
    chain = _chain()
    del chain[place]
    assert verify([replace(record, seq=seq) for seq, record in enumerate(chain, 1)], KEY)


@pytest.mark.parametrize("place", range(COUNT - 1))
def test_two_entries_that_changed_places_are_found(place: int) -> None:
    chain = _chain()
    first, second = chain[place], chain[place + 1]
    chain[place], chain[place + 1] = replace(second, seq=first.seq), replace(first, seq=second.seq)
    assert verify(chain, KEY)


def test_an_end_that_was_cut_is_found_by_an_exported_head() -> None:
    chain = _chain()
    assert verify(chain[:-2], KEY) == []
    assert verify(chain[:-2], KEY, _heads(chain)) == [Finding(seq=5, what="and those up to 6 are missing")]


def test_an_end_that_was_cut_is_found_by_the_count() -> None:
    assert verify(_chain()[:-1], KEY, count=COUNT) == [Finding(seq=COUNT, what="is missing")]


def test_a_chain_that_was_emptied_is_found() -> None:
    assert verify([], KEY, _heads(_chain()))


def test_a_chain_that_was_made_anew_without_the_key_is_found() -> None:
    assert verify(_chain(OTHER), KEY)


def test_a_chain_that_was_made_anew_with_a_stolen_key_is_found_by_an_exported_head() -> None:
    before, after = _chain(), _chain(KEY, *"abcdefgh")
    assert verify(after, KEY) == []
    assert verify(after, KEY, _heads(before))


def test_an_entry_that_was_put_in_without_the_key_is_found() -> None:
    chain = _chain()
    forged = Entry(who="nobody", action="token.create")
    chain.append(AuditRecord(seq=7, at=70, entry=forged, mac=mac_of(OTHER, chain[-1].mac, 7, 70, forged)))
    assert [finding.seq for finding in verify(chain, KEY)] == [7]


@given(st.permutations(range(COUNT)), st.integers(0, COUNT))
def test_any_other_order_and_any_shorter_chain_is_found(order: list[int], length: int) -> None:
    chain = _chain()
    other = [chain[place] for place in order][:length]
    assert (verify(other, KEY, _heads(chain)) == []) == (other == chain)


@given(st.tuples(*[st.text(max_size=4)] * 5), st.tuples(*[st.text(max_size=4)] * 5))
def test_two_entries_have_one_mac_only_if_they_are_the_same(
    first: tuple[str, ...], second: tuple[str, ...]
) -> None:
    make: Callable[[tuple[str, ...]], Entry] = lambda fields: Entry(  # noqa: E731
        **dict(zip(Entry.__struct_fields__, fields, strict=True))
    )
    same = mac_of(KEY, FIRST, 1, 1, make(first)) == mac_of(KEY, FIRST, 1, 1, make(second))
    assert same == (first == second)
