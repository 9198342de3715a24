"""Revisions staged as tables: properties in blocks of columns, boxes in blocks of arrays. See ADR 0012.

`columns`: a column of a block as bytes (pure). `properties`, `boxes`: blocks in the database. `writing`: staging a table.
`search`: the same questions as `twin.store.search` answers about rows.
"""
