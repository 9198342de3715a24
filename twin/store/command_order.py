"""What is asked for: whether that makes sense by itself, and whether it is the same as before."""

import hashlib

import msgspec

from twin.errors import InvalidQuery
from twin.ports import Order
from twin.ports.commands import MAX_TARGETS

MAX_REASON = 1000
MAX_KEY = 200

_encoder = msgspec.json.Encoder(order="sorted")


def check_order(order: Order) -> None:
    """Raises InvalidQuery for what is wrong whatever the signals are."""
    if not 0 < len(order.targets) <= MAX_TARGETS:
        raise InvalidQuery(f"A request has 1 to {MAX_TARGETS} targets; this one has {len(order.targets)}.")
    if not 0 < len(order.reason.strip()) <= MAX_REASON:
        raise InvalidQuery(f"Say why: a reason has 1 to {MAX_REASON} characters.")
    if order.key is not None and not 0 < len(order.key) <= MAX_KEY:
        raise InvalidQuery(f"An idempotency key has 1 to {MAX_KEY} characters.")
    if order.rate is not None and not 0.001 <= order.rate <= 1e6:
        raise InvalidQuery("The rate is a number of commands a second, from 0.001 to 1,000,000.")
    names = [target.signal for target in order.targets]
    if len(set(names)) != len(names):
        raise InvalidQuery("A signal is named twice; a request sets each signal once.")


def digest_of(order: Order) -> str:
    """Of all that was asked for, as it was given."""
    content = (
        [(target.signal, type(target.value).__name__, target.value) for target in order.targets],
        order.reason, order.priority, order.start_at, order.expires_at, order.rate, order.bulk,
    )  # fmt: skip
    return hashlib.sha256(_encoder.encode(content)).hexdigest()
