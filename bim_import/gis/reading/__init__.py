"""Files of map layers as batches of features, whatever their format: never the whole file in memory."""
