"""Topics of Sparkplug B: `spBv1.0/GROUP/TYPE/NODE[/DEVICE]` (Sparkplug 3.0.0, section 4)."""

from msgspec import Struct

NAMESPACE = "spBv1.0"

NODE_TYPES = frozenset({"NBIRTH", "NDATA", "NDEATH"})
DEVICE_TYPES = frozenset({"DBIRTH", "DDATA", "DDEATH"})


class Source(Struct, frozen=True):
    """An edge node, or a device behind it."""

    group: str
    node: str
    device: str | None = None

    @property
    def edge_node(self) -> "Source":
        """The edge node itself."""
        return self if self.device is None else Source(self.group, self.node)


class Topic(Struct, frozen=True):
    """A topic of something that reports."""

    kind: str
    source: Source


def parse_topic(topic: str) -> Topic | None:
    """None for what is no report: commands (NCMD, DCMD), states of hosts (STATE), and what is no Sparkplug topic."""
    parts = topic.split("/")
    if parts[0] != NAMESPACE or not all(parts):
        return None
    if len(parts) == 4 and parts[2] in NODE_TYPES:
        return Topic(parts[2], Source(parts[1], parts[3]))
    if len(parts) == 5 and parts[2] in DEVICE_TYPES:
        return Topic(parts[2], Source(parts[1], parts[3], parts[4]))
    return None


def source_of_binding(topic: str) -> Source:
    """The node or device of a binding's topic `spBv1.0/GROUP/+/NODE[/DEVICE]`. Raises ValueError for another form."""
    parts = topic.split("/")
    names = parts[:2] + parts[3:]
    plain = all(part and "+" not in part and "#" not in part for part in names)
    if len(parts) not in {4, 5} or parts[0] != NAMESPACE or parts[2] != "+" or not plain:
        raise ValueError(
            f"{topic!r} names no Sparkplug node or device; write {NAMESPACE}/GROUP/+/NODE/DEVICE"
        )
    return Source(*parts[1:2], *parts[3:])


def command_topic(topic: str) -> str:
    """Where commands go to the node or device of a binding's topic (section 6.4.21, NCMD and DCMD). Raises ValueError as `source_of_binding`."""
    source = source_of_binding(topic)
    if source.device is None:
        return f"{NAMESPACE}/{source.group}/NCMD/{source.node}"
    return f"{NAMESPACE}/{source.group}/DCMD/{source.node}/{source.device}"
