"""What a binding is: which message on which topic is which signal of which object; and its JSON document."""

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec
from msgspec import Struct

from state_sync.codecs import TimeFormat
from twin.errors import TwinError

Codec = Literal["plain", "json", "senml", "sparkplug"]

MappedValue = bool | int | float | str


class CommandAddress(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How a settable signal's device is reached: where commands go, how they are written, and where its replies come from.

    `path`: where the value is in the JSON document; of Sparkplug, the name of the metric. `reply` None: the device does not reply.
    `reply_filter`: the wider filter to subscribe to, where it came from a pattern.
    """

    topic: str
    codec: Literal["plain", "json", "sparkplug"] = "json"
    path: str = "value"
    reply: str | None = None
    reply_filter: str | None = None


class Binding(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One binding, resolved to one signal.

    `topic` is an MQTT topic filter (`+` and `#` allowed); for Sparkplug `spBv1.0/GROUP/+/NODE` or
    `spBv1.0/GROUP/+/NODE/DEVICE`. `subscribe`: the wider filter to subscribe to, where the binding came from a pattern.
    `path`: where the value is: JSON path, SenML name, Sparkplug metric. `unit` is the device's unit, for comparison with what
    a message says; a value in the signal's unit is `raw * factor + offset`. `lenient`: numbers written as texts and the usual
    words for true and false are understood. `map`: the values that texts (or numbers written as texts) of the device stand for.
    `device`: id of the device whose message it is, where the topic does not tell.
    `command`: how it is commanded; None: it is not, or another binding of the signal says how.
    `declared`: a digest of what the signal was declared as, so that whoever looks for changed bindings sees a changed signal, too.
    """

    model: str
    global_id: str
    name: str
    topic: str
    subscribe: str | None = None
    codec: Codec = "plain"
    path: str | None = None
    time: str | None = None
    time_format: TimeFormat = "rfc3339"
    quality: str | None = None
    each: str | None = None
    unit: str | None = None
    factor: float = 1.0
    offset: float = 0.0
    lenient: bool = False
    map: dict[str, MappedValue] = {}
    declared: str | None = None
    device: str | None = None
    command: CommandAddress | None = None

    @property
    def signal(self) -> str:
        """Id of the signal."""
        return f"{self.model}/{self.global_id}/{self.name}"


class DamagedBinding(TwinError):
    """A stored binding that cannot be read: of a newer version, or edited by hand."""

    def __init__(self, document: str, reason: str) -> None:
        self.document = document
        self.reason = reason
        super().__init__(f"A stored binding cannot be read ({reason}). Run `twin bind` again with its file.")


_decoder = msgspec.json.Decoder(Binding)


def to_document(binding: Binding) -> str:
    """JSON for `BindingKeeper`; the same binding gives the same text."""
    return msgspec.json.encode(binding, order="sorted").decode()


def from_document(document: str) -> Binding:
    """The binding of a document; members that are not known are ignored. Raises DamagedBinding."""
    try:
        return _decoder.decode(document)
    except msgspec.DecodeError as error:
        raise DamagedBinding(document, str(error)) from error


def from_documents(rows: Iterable[tuple[str, str]]) -> Iterator[Binding]:
    """All bindings of `BindingKeeper.bindings()`, in its order, one at a time: a city has a million. Raises DamagedBinding."""
    return (from_document(document) for _, document in rows)
