"""The viewer in a real browser, against a small server of its own."""
