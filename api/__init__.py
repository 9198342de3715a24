"""HTTP, command line, viewer, and the one place where adapters are chosen."""
