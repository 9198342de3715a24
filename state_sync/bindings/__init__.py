"""Bindings: which message on which topic is which signal of which object."""

from state_sync.bindings.binding import (
    Binding,
    Codec,
    DamagedBinding,
    from_document,
    from_documents,
    to_document,
)

__all__ = ["Binding", "Codec", "DamagedBinding", "from_document", "from_documents", "to_document"]
