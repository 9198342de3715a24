"""Meshes of products: plain shapes by arithmetic, the rest by a kernel, in forked workers."""
