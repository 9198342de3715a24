"""What goes wrong outside this software's own rules (a full disk, missing rights, a fault of its own), told as its errors."""

import errno
import traceback

from twin.errors import StoreError, TwinError

_ADVICE = {
    errno.ENOSPC: "Free some space and import again; nothing that was published is lost.",
    errno.EDQUOT: "Free some space and import again; nothing that was published is lost.",
    errno.EFBIG: "Raise the limit of file sizes (ulimit -f) and import again.",
    errno.EMFILE: "Raise the limit of open files (ulimit -n) and try again.",
    errno.ENOMEM: "Free some memory, or give --workers 1, and try again.",
    errno.EROFS: "Choose another folder with --data.",
    errno.EACCES: "Change its owner or rights, or run as the user who owns it.",
    errno.EPERM: "Change its owner or rights, or run as the user who owns it.",
    errno.ENOENT: "It has been moved or deleted meanwhile: check the path and try again.",
}


class ChildFailed(TwinError):
    """The work raised something that is no TwinError: a fault of this software; `trace` is for its makers."""

    def __init__(self, summary: str, trace: str) -> None:
        self.trace = trace
        super().__init__(f"internal error: {summary}. Please report it with the file.")


def explained(error: Exception) -> TwinError:
    """The error as one of the tree: itself, what the system refused with advice, or a fault to be reported."""
    if isinstance(error, TwinError):
        return error
    if isinstance(error, MemoryError):
        return StoreError(f"There is not enough memory. {_ADVICE[errno.ENOMEM]}")
    if isinstance(error, OSError) and error.errno is not None:
        where = f"{error.filename}: " if error.filename else ""
        advice = _ADVICE.get(error.errno, "Check the disk and try again.")
        return StoreError(f"{where}{error.strerror}. {advice}")
    if isinstance(error, UnicodeEncodeError):
        return StoreError("A name or path holds bytes that are not UTF-8. Use another, or rename it.")
    trace = "".join(traceback.format_exception(error))
    return ChildFailed(f"{type(error).__name__}: {error}", trace)
