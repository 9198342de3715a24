"""The sample community: scripts that make it. `sample_sources` is its smallest part, one building, for quick looks and tests."""

from sample_models.community import MODELS, Community, site_file, write_community
from sample_models.samples import sample_sources

__all__ = ["MODELS", "Community", "sample_sources", "site_file", "write_community"]
