"""Imports: joins importer, spool, store and tiles; the only place that knows all of them."""
