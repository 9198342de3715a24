"""What an object card shows, put together from its parts."""

import msgspec
from sqlalchemy import Connection, bindparam, select

from twin.objects import Attributes, Property
from twin.store.packed.properties import properties_of
from twin.store.schema import object_attributes, object_property_set, property_set

_attributes = msgspec.json.Decoder(Attributes)
_properties = msgspec.json.Decoder(dict[str, Property])


_body = select(object_attributes.c.body).where(object_attributes.c.id == bindparam("version_id"))
_sets = (
    select(property_set.c.name, property_set.c.body)
    .join(object_property_set, object_property_set.c.set_id == property_set.c.id)
    .where(object_property_set.c.object_id == bindparam("version_id"))
    .order_by(object_property_set.c.position)
)


def attributes_of(connection: Connection, version_id: int) -> Attributes:
    """Attributes of one object version, its property sets in the order of the source."""
    this = {"version_id": version_id}
    body = connection.execute(_body, this).scalar()
    about = Attributes() if body is None else _attributes.decode(body)
    sets = {row.name: _properties.decode(row.body) for row in connection.execute(_sets, this)}
    return msgspec.structs.replace(about, properties=sets or properties_of(connection, version_id))
