"""The filter language: CQL2 text over objects, their properties and what their signals say. Pure; `twin.store` answers it.

`docs/queries.md` says what a filter means.
"""

from twin.filters.expressions import (
    AllOf,
    Attribute,
    Between,
    Comparison,
    Expression,
    Field,
    Filter,
    Instant,
    Intersects,
    Known,
    Leaf,
    Like,
    Literal_,
    OneOf,
    Operator,
    PropertyField,
    RowField,
    SignalField,
    asks_objects,
    leaves,
    of_rows,
)
from twin.filters.making import checked_geometry
from twin.filters.parsing import MAX_DEPTH, MAX_LENGTH, MAX_TERMS, parse_filter

__all__ = [
    "MAX_DEPTH",
    "MAX_LENGTH",
    "MAX_TERMS",
    "AllOf",
    "Attribute",
    "Between",
    "Comparison",
    "Expression",
    "Field",
    "Filter",
    "Instant",
    "Intersects",
    "Known",
    "Leaf",
    "Like",
    "Literal_",
    "OneOf",
    "Operator",
    "PropertyField",
    "RowField",
    "SignalField",
    "asks_objects",
    "checked_geometry",
    "leaves",
    "of_rows",
    "parse_filter",
]
