"""The features of a batch drawn as their rules say."""
