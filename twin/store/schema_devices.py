"""The table of devices."""

from sqlalchemy import Column, Table, Text

from twin.store.schema import Ordered, metadata

device = Table(
    "device",
    metadata,
    Column("id", Ordered, primary_key=True),
    Column("document", Text, nullable=False),
)
"""`twin.devices.Device` as JSON: there are thousands at most, and they are read all together."""
