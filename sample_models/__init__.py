"""The sample community: scripts that make it. One building so far, the community centre, as an IFC4 file."""

from sample_models.samples import sample_sources

__all__ = ["sample_sources"]
