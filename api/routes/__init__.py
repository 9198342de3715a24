"""Thin routes: read the request, ask the store, answer a document."""
