"""The commands below `twin token`, `twin policy` and `twin audit`. Nothing heavy is loaded before one runs."""

from pathlib import Path
from typing import Annotated, Any

import typer

token = typer.Typer(no_args_is_help=True, help="Tokens with which programs and people call the API.")
policy = typer.Typer(no_args_is_help=True, help="Roles: what the tokens that have them may do, and where.")
audit = typer.Typer(no_args_is_help=True, help="Who has done what, in a chain that shows changes.")

Data = Annotated[
    Path | None, typer.Option("--data", help="Data folder (database, tiles, token). Or TWIN_DATA.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document for programs instead of a table.")]


def _settings(data: Path | None) -> Any:
    from api.cli import settings_of  # noqa: PLC0415

    return settings_of(data=data)


@token.command("create")
def create_token(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for, or whose it is.")],
    role: Annotated[
        list[str],
        typer.Option(
            metavar="ROLE",
            help="administrator, reader, operator, approver, gateway, or one of the policy; several times if wanted.",
        ),
    ],
    data: Data = None,
    model: Annotated[list[str] | None, typer.Option(metavar="KEY", help="Only within these models.")] = None,
    place: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Only within these objects and what is below them in the tree."),
    ] = None,
    class_: Annotated[
        list[str] | None, typer.Option("--class", metavar="CLASS", help="Only objects of these classes.")
    ] = None,
    signal: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only signals of these names or ids.")
    ] = None,
    days: Annotated[float, typer.Option(min=0, help="Until it expires; 0: never.")] = 365,
    as_json: AsJson = False,
) -> None:
    """Make a token and print it. It is shown this once: only a digest of it is kept."""
    from api import cli_rights  # noqa: PLC0415
    from api.rights_work import NewToken  # noqa: PLC0415
    from twin.policy import Scope  # noqa: PLC0415

    scope = {"models": model, "places": place, "classes": class_, "signals": signal}
    within = Scope(**{key: tuple(value or ()) for key, value in scope.items()})
    new = NewToken(name=name, roles=tuple(role), scope=within, days=days or None)
    cli_rights.create_token(_settings(data), new, as_json=as_json)


@token.command("list")
def list_tokens(data: Data = None, as_json: AsJson = False) -> None:
    """List tokens: their roles, until when they are good, when they were last used."""
    from api import cli_rights  # noqa: PLC0415

    cli_rights.list_tokens(_settings(data), as_json=as_json)


@token.command("revoke")
def revoke_token(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="As the list shows it.")],
    data: Data = None,
) -> None:
    """Let a token in no more. Running servers close its connections within two seconds."""
    from api import cli_rights  # noqa: PLC0415

    cli_rights.revoke_token(_settings(data), identifier)


@policy.command("show")
def show_policy(data: Data = None) -> None:
    """Print the roles, those that are built in, too, as JSON."""
    from api import cli_rights  # noqa: PLC0415

    cli_rights.show_policy(_settings(data))


@policy.command("apply")
def apply_policy(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="Policy file, .toml.")
    ],
    data: Data = None,
) -> None:
    """Replace all roles by those of a file. Running servers take it over within a second."""
    from api import cli_rights  # noqa: PLC0415

    cli_rights.apply_policy(_settings(data), file)


@audit.command("list")
def list_audit(
    data: Data = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Most entries, the newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List who has done what, when, and from where."""
    from api import cli_rights  # noqa: PLC0415

    cli_rights.list_audit(_settings(data), limit=limit, as_json=as_json)


@audit.command("verify")
def verify_audit(
    data: Data = None,
    heads: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="Exported heads of other servers or copies, beside those of the data folder.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check the whole chain against its key and the exported heads. Exit status 1 if anything is wrong."""
    from api import cli_rights  # noqa: PLC0415

    raise typer.Exit(cli_rights.verify_audit(_settings(data), heads or [], as_json=as_json))
