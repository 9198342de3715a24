"""What features become: rules, from a file or from well-known column names."""
