"""All tests of the distribution; a full package, so that equal file names never collide."""
