"""What is entered into the audit of itself: it is bound to the chain like all else, on both engines."""

from msgspec.structs import replace

from tests.twin.store.command_contract import order, settable
from tests.twin.store.live_contract import temperature
from tests.twin.store.places import Place
from twin.access import Entry
from twin.auditing import verify

KEY = b"kept elsewhere"
REFUSED = Entry(who="eve", action="refused", target="POST /api/v1/commands", detail="no right", origin="::1")


def test_what_was_refused_is_entered_in_order_and_bound_to_the_chain(place: Place) -> None:
    entries = [REFUSED, replace(REFUSED, detail="7 more times")]
    with place.opened() as store:
        store.keep_audit(KEY)
        store.enter(entries)
        chain = list(store.audit_chain())
        assert [record.entry for record in chain] == entries
        assert verify(chain, KEY, count=store.audit_count()) == []
        assert verify([chain[0], replace(chain[1], entry=REFUSED)], KEY) != []


def test_a_character_that_not_all_engines_keep_breaks_no_chain(place: Place) -> None:
    with place.opened() as store:
        store.keep_audit(KEY)
        store.enter([replace(REFUSED, detail="a reason\0with more")])
        assert verify(store.audit_chain(), KEY, count=store.audit_count()) == []


def test_an_act_around_it_is_entered_once(place: Place) -> None:
    act = Entry(who="ada", action="bindings.replace")
    with place.opened() as store:
        store.keep_audit(KEY)
        with store.acting(act):
            store.enter([REFUSED])
            store.enter([REFUSED])
        assert [record.entry for record in store.audit_chain()] == [act, REFUSED, REFUSED]


def test_what_is_refused_of_many_targets_is_counted_with_its_reasons(place: Place) -> None:
    with place.opened() as store:
        store.keep_audit(KEY)
        settable(store)
        store.declare_signals([temperature("y", settable=True, maximum=10)])
        placed = store.place_command(order(20, "x", "y", "z", "nowhere", "nor there", bulk=True))
        (entry,) = [each.entry for each in store.audit_chain() if each.entry.action == "command.refused"]
        assert (entry.who, entry.target) == ("ada", placed.id)
        assert entry.detail == "3 of 5 targets: 2 not_found, 1 out_of_range"
