"""The sample community: the scripts that make it, and what they made."""
