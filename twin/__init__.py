"""The pure core of the digital twin: objects, source batches, frames, ports."""
