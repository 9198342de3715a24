"""The protobuf messages of Sparkplug B, built from the field table of the specification (Sparkplug 3.0.0, section 6.4.1).

Data sets, templates, metadata and file bytes are not declared: protobuf keeps what it does not know, and no signal is bound to them.
"""

from functools import cache
from typing import Any, NamedTuple

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field

PACKAGE = "city_twin.sparkplug_b"

_Row = tuple[str, int, int]
_PAYLOAD: tuple[_Row, ...] = (
    ("timestamp", 1, Field.TYPE_UINT64),
    ("seq", 3, Field.TYPE_UINT64),
    ("uuid", 4, Field.TYPE_STRING),
    ("body", 5, Field.TYPE_BYTES),
)
_METRIC: tuple[_Row, ...] = (
    ("name", 1, Field.TYPE_STRING),
    ("alias", 2, Field.TYPE_UINT64),
    ("timestamp", 3, Field.TYPE_UINT64),
    ("datatype", 4, Field.TYPE_UINT32),
    ("is_historical", 5, Field.TYPE_BOOL),
    ("is_transient", 6, Field.TYPE_BOOL),
    ("is_null", 7, Field.TYPE_BOOL),
)
_METRIC_VALUE: tuple[_Row, ...] = (
    ("int_value", 10, Field.TYPE_UINT32),
    ("long_value", 11, Field.TYPE_UINT64),
    ("float_value", 12, Field.TYPE_FLOAT),
    ("double_value", 13, Field.TYPE_DOUBLE),
    ("boolean_value", 14, Field.TYPE_BOOL),
    ("string_value", 15, Field.TYPE_STRING),
    ("bytes_value", 16, Field.TYPE_BYTES),
)
_PROPERTY: tuple[_Row, ...] = (("type", 1, Field.TYPE_UINT32), ("is_null", 2, Field.TYPE_BOOL))
_PROPERTY_VALUE: tuple[_Row, ...] = (
    ("int_value", 3, Field.TYPE_UINT32),
    ("long_value", 4, Field.TYPE_UINT64),
    ("float_value", 5, Field.TYPE_FLOAT),
    ("double_value", 6, Field.TYPE_DOUBLE),
    ("boolean_value", 7, Field.TYPE_BOOL),
    ("string_value", 8, Field.TYPE_STRING),
)


class Messages(NamedTuple):
    """The message classes."""

    payload: Any
    metric: Any


def _add(message: descriptor_pb2.DescriptorProto, rows: tuple[_Row, ...], *, one_of: bool = False) -> None:
    if one_of:
        message.oneof_decl.add(name="value")
    for name, number, kind in rows:
        field = message.field.add(name=name, number=number, label=Field.LABEL_OPTIONAL)
        field.type = kind  # type: ignore[assignment]  # an enum in the stubs, an int at run time
        if one_of:
            field.oneof_index = 0


def _add_message(message: descriptor_pb2.DescriptorProto, name: str, number: int, kind: str) -> None:
    repeated = name in {"metrics", "values"}
    message.field.add(
        name=name,
        number=number,
        type=Field.TYPE_MESSAGE,
        type_name=f".{PACKAGE}.{kind}",
        label=Field.LABEL_REPEATED if repeated else Field.LABEL_OPTIONAL,
    )


@cache
def messages() -> Messages:
    """The classes; made at the first call, in a pool of their own."""
    file = descriptor_pb2.FileDescriptorProto(
        name="city_twin/sparkplug_b.proto", package=PACKAGE, syntax="proto2"
    )
    payload = file.message_type.add(name="Payload")
    _add(payload, _PAYLOAD)
    _add_message(payload, "metrics", 2, "Metric")
    metric = file.message_type.add(name="Metric")
    _add(metric, _METRIC)
    _add_message(metric, "properties", 9, "PropertySet")
    _add(metric, _METRIC_VALUE, one_of=True)
    properties = file.message_type.add(name="PropertySet")
    properties.field.add(name="keys", number=1, type=Field.TYPE_STRING, label=Field.LABEL_REPEATED)
    _add_message(properties, "values", 2, "PropertyValue")
    value = file.message_type.add(name="PropertyValue")
    _add(value, _PROPERTY)
    _add(value, _PROPERTY_VALUE, one_of=True)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found = {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))
        for name in ("Payload", "Metric")
    }
    return Messages(found["Payload"], found["Metric"])
