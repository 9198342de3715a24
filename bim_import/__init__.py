"""Readers that turn building models and city layers into `twin.source` batches."""
