"""A source on disk between importer and tiler: objects and geometry of one source, written once, read by mapping.

One folder a source. Geometry is written by several processes, each into parts of its own (`part-N.*`), so no lock is
needed and a process that dies costs what it had not flushed:

    relations           pairs of ordinals: the first object feeds the second
    state_index         state indexes by ordinal, as the store gave them
    objects.msgpack     length-prefixed batches of SourceObject, and heads of tables of objects
    tables.bin          the columns of these tables, back to back, 8-byte aligned
    part-N.bin          the arrays of the meshes, back to back, in rows of three words
    part-N.meshes       rows of MESH_ROW
    part-N.parts        rows of PART_ROW (material ranges)
    part-N.materials    length-prefixed Material values
    part-N.instances    rows of INSTANCE_ROW, always written last: a product is done when its row is here

Byte order is the machine's own: a spool never leaves the machine.

Which process writes what depends on luck; what the reader shows does not: equal meshes and materials appear once, meshes in
the order in which the sorted instances first use them, materials in the order of their encoded bytes.
"""

from twin.spool.files import write_relations, write_state_index
from twin.spool.geometry import (
    INSTANCE_ROW,
    MESH_ROW,
    PART_ROW,
    UNSHARED,
    GeometryWriter,
    drawn_ordinals,
    renumber,
)
from twin.spool.objects import ObjectWriter
from twin.spool.reader import Spool

__all__ = [
    "INSTANCE_ROW",
    "MESH_ROW",
    "PART_ROW",
    "UNSHARED",
    "GeometryWriter",
    "ObjectWriter",
    "Spool",
    "drawn_ordinals",
    "renumber",
    "write_relations",
    "write_state_index",
]
