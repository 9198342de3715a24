"""From outlines, lines and points of many features at once to solids: whole arrays, no loop over features."""
