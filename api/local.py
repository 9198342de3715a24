"""What is done at the command line, for the audit."""

import getpass
from contextlib import AbstractContextManager

from twin.access import Entry
from twin.ports import AuditKeeper


def local_user() -> str:
    """Who sits at this machine."""
    try:
        return f"local {getpass.getuser()}"
    except (KeyError, OSError):  # a container without names of users
        return "local"


def act_locally(
    store: AuditKeeper, action: str, target: str = "", detail: str = ""
) -> AbstractContextManager[None]:
    """What is written inside is entered into the audit as done by whoever runs this process."""
    return store.acting(Entry(who=local_user(), action=action, target=target, detail=detail))
