"""Who may do what: roles, and the reach that a caller's roles give for an action. Pure values, deny by default.

A role has grants; a grant names actions and a scope. A caller may do what some grant of some of its roles allows, within the scope of
its token. For one action all of that comes to a `Reach`, which the store turns into a condition of its statements, and which
answers here for single objects and signals. There is no other check.

What a caller may read of an object includes where it hangs in the tree: ids, names and classes of what holds it, nothing else of those.
A grant that names signals is one of those signals, not of their objects: of an object it tells id, class and name.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec
from msgspec import Struct

from twin.errors import TwinError

MAX_ROLES, MAX_GRANTS, MAX_NAMES = 1_000, 100, 1_000
"""Of a policy, of a role, of one list of a scope: far beyond what people write, and small enough to go through at each request."""

NAME_LENGTH = 100


class Action(StrEnum):
    """What somebody does. `command` includes acknowledging alarms; `administer` is all that changes the twin itself or its rights."""

    READ = "read"
    INGEST = "ingest"
    COMMAND = "command"
    APPROVE = "approve"
    ADMINISTER = "administer"


class InvalidPolicy(TwinError):
    """A policy or the scope of a token that makes no sense; nothing was changed."""

    def __init__(self, where: str, what: str) -> None:
        self.where = where
        self.what = what
        super().__init__(f"{where}: {what}.")


class Scope(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of the twin: all conditions hold, an empty one means any.

    `models`: keys. `places`: ids of objects: they and all below them in the tree. `classes`: exact names. `signals`: names of signals,
    or ids of single ones.
    """

    models: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()

    @property
    def is_everything(self) -> bool:
        """Whether it leaves nothing out."""
        return not (self.models or self.places or self.classes or self.signals)

    @property
    def is_of_models(self) -> bool:
        """Whether it takes whole models, or everything."""
        return not (self.places or self.classes or self.signals)


class Grant(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Actions on a part of the twin; the fields of the scope as in `Scope`."""

    actions: tuple[Action, ...]
    models: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()

    @property
    def scope(self) -> Scope:
        """Where it holds."""
        return Scope(self.models, self.places, self.classes, self.signals)


class Role(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Grants under a name."""

    grants: tuple[Grant, ...] = ()
    description: str = ""


class Policy(Struct, frozen=True, forbid_unknown_fields=True):
    """Roles by name, beside those that are built in."""

    roles: dict[str, Role] = {}


BUILT_IN: Mapping[str, Role] = {
    "administrator": Role((Grant(tuple(Action)),), "Does anything."),
    "reader": Role((Grant((Action.READ,)),), "Reads everything."),
    "operator": Role((Grant((Action.READ, Action.COMMAND)),), "Reads and commands everything."),
    "approver": Role((Grant((Action.READ, Action.APPROVE)),), "Reads everything, approves commands."),
    "gateway": Role((Grant((Action.INGEST,)),), "Reports readings of any signal; reads nothing."),
}
"""Roles that are always there and mean the same everywhere."""


class Facts(Struct, frozen=True):
    """What a scope asks of an object. `places`: ids of it and of all that holds it; None: it is not in the current revision of its
    model, so that class and places are not known and no scope that names some takes it.
    """

    model: str
    class_: str | None
    places: frozenset[str] | None


Part = tuple[Scope, ...]
"""All of these hold; without any: everything."""


class Reach(Struct, frozen=True):
    """Where an action is allowed: any of the parts. Hashable: what was found for one is remembered under it."""

    parts: tuple[Part, ...] = ()

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return () in self.parts

    @property
    def is_nothing(self) -> bool:
        """Whether all is left out."""
        return not self.parts

    @property
    def of_objects(self) -> "Reach":
        """Without what is given for single signals only."""
        return Reach(tuple(part for part in self.parts if not any(scope.signals for scope in part)))

    def takes_model(self, key: str) -> bool:
        """Whether the whole of a model is in it."""
        return any(
            all(scope.is_of_models and (not scope.models or key in scope.models) for scope in part)
            for part in self.parts
        )

    def takes_object(self, facts: Facts) -> bool:
        """Whether an object is in it, with all its signals."""
        return any(all(_takes(scope, facts) for scope in part) for part in self.of_objects.parts)

    def takes_signal(self, facts: Facts, name: str, identifier: str) -> bool:
        """Whether a signal is in it. `facts`: of its object; `identifier`: `"{model}/{global_id}/{name}"`."""
        return any(
            all(_takes(scope, facts) and _names(scope, name, identifier) for scope in part)
            for part in self.parts
        )


EVERYTHING = Reach(((),))
NOTHING = Reach()


def _takes(scope: Scope, facts: Facts) -> bool:
    if scope.models and facts.model not in scope.models:
        return False
    if scope.classes and facts.class_ not in scope.classes:
        return False
    return not scope.places or (facts.places is not None and not facts.places.isdisjoint(scope.places))


def _names(scope: Scope, name: str, identifier: str) -> bool:
    return not scope.signals or name in scope.signals or identifier in scope.signals


def reach_of(policy: Policy, roles: Iterable[str], action: Action, within: Scope | None = None) -> Reach:
    """Where these roles allow an action, within a scope. A role that there is not gives nothing."""
    parts: dict[Part, None] = {}
    for name in roles:
        role = BUILT_IN.get(name) or policy.roles.get(name)
        for grant in () if role is None else role.grants:
            if action in grant.actions:
                scopes = (grant.scope, *(() if within is None else (within,)))
                parts[tuple(dict.fromkeys(scope for scope in scopes if not scope.is_everything))] = None
    return EVERYTHING if () in parts else Reach(tuple(parts))


def checked_policy(policy: Policy) -> Policy:
    """The same policy. Raises InvalidPolicy."""
    if len(policy.roles) > MAX_ROLES:
        raise InvalidPolicy("roles", f"{len(policy.roles)} are too many; at most {MAX_ROLES}")
    for name, role in policy.roles.items():
        where = f"role {name!r}"
        if name in BUILT_IN:
            raise InvalidPolicy(where, "is built in and cannot be changed; choose another name")
        check_name(name, where)
        if len(role.grants) > MAX_GRANTS:
            raise InvalidPolicy(where, f"has {len(role.grants)} grants; at most {MAX_GRANTS}")
        for place, grant in enumerate(role.grants, 1):
            if not grant.actions:
                raise InvalidPolicy(f"{where}, grant {place}", "names no action")
            checked_scope(grant.scope, f"{where}, grant {place}")
    return policy


def checked_scope(scope: Scope, where: str) -> Scope:
    """The same scope. Raises InvalidPolicy."""
    for field in Scope.__struct_fields__:
        names: Sequence[str] = getattr(scope, field)
        if len(names) > MAX_NAMES:
            raise InvalidPolicy(where, f"{field} has {len(names)} names; at most {MAX_NAMES}")
        if "" in names:
            raise InvalidPolicy(where, f"{field} has an empty name; leave the list out to mean any")
        if any("\0" in name for name in names):
            raise InvalidPolicy(where, f"{field} has a name with a character that no name holds")
    for place in scope.places:
        model, _, global_id = place.partition("/")
        if not (model and global_id):
            raise InvalidPolicy(where, f"{place!r} is no id of an object; write model/global_id")
    return scope


def check_name(name: str, where: str) -> None:
    """A name for people to read. Raises InvalidPolicy."""
    if not 1 <= len(name) <= NAME_LENGTH or not name.isprintable() or name.strip() != name:
        raise InvalidPolicy(
            where, f"a name is 1 to {NAME_LENGTH} printable characters without spaces around it"
        )


def read_policy(text: str, *, name: str = "policy") -> Policy:
    """A policy from TOML: `[[roles.NAME.grants]]` with `actions` and, to narrow it, `models`, `places`, `classes`, `signals`.

    Raises InvalidPolicy, which names what is wrong and where.
    """
    try:
        return checked_policy(msgspec.toml.decode(text, type=Policy))
    except msgspec.DecodeError as error:
        raise InvalidPolicy(name, str(error)) from None


def policy_from(document: object) -> Policy:
    """The same from plain values. Raises InvalidPolicy."""
    try:
        return checked_policy(msgspec.convert(document, Policy))
    except msgspec.ValidationError as error:
        raise InvalidPolicy("policy", str(error)) from None
