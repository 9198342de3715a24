"""What an object card shows, put together from its parts."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, select

from twin.objects import Attributes, Property
from twin.store.schema import object_attributes, object_property_set, property_set

_attributes = msgspec.json.Decoder(Attributes)
_properties = msgspec.json.Decoder(dict[str, Property])


def attributes_of(connection: Connection, version_id: int) -> Attributes:
    """Attributes of one object version, its property sets in the order of the source."""
    body = connection.execute(
        select(object_attributes.c.body).where(object_attributes.c.id == version_id)
    ).scalar()
    sets: Sequence[tuple[str, str]] = [
        (row.name, row.body)
        for row in connection.execute(
            select(property_set.c.name, property_set.c.body)
            .join(object_property_set, object_property_set.c.set_id == property_set.c.id)
            .where(object_property_set.c.object_id == version_id)
            .order_by(object_property_set.c.position)
        )
    ]
    about = Attributes() if body is None else _attributes.decode(body)
    return msgspec.structs.replace(about, properties={name: _properties.decode(text) for name, text in sets})
