"""Live readings bound to the objects of the models: bindings, codecs, ingest, buses, the live feed, simulated devices."""
