"""The command line `twin`. Options also come from `TWIN_*` environment variables; exit status as the help says."""

import gc
import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from api import cli_alarm_commands, cli_command_commands, cli_device_commands, cli_rights_commands
from api.cli_calendar_commands import app as calendars

FAILED, USAGE = 1, 2
_INTERRUPTED = 130

app = typer.Typer(
    name="twin",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help=(
        "Backend of a digital-twin city: building models in, 3D Tiles and live objects out.\n\n"
        "Exit status: 0 all good; 1 something failed (the other sources of an import are in); 2 wrong usage, nothing was "
        "done; 130 interrupted, 143 or 129 ended by SIGTERM or SIGHUP: nothing half-done was published. "
        "TWIN_TRACE=1 shows the trace of an internal error."
    ),
)

Data = Annotated[
    Path | None, typer.Option("--data", help="Data folder (database, tiles, token). Or TWIN_DATA.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document for programs instead of a table.")]
Crs = Annotated[str | None, typer.Option(help="CRS of the coordinates: EPSG code, gcj02 or bd09.")]
Origin = Annotated[
    str | None, typer.Option(metavar="LON,LAT,HEIGHT", help="Where the model's origin stands.")
]
Rotation = Annotated[
    float | None, typer.Option(metavar="DEG", help="From east to the model's x axis, counter-clockwise.")
]
MeshUnit = Literal["m", "mm", "cm", "in", "ft", "km"]
Key = Annotated[str, typer.Argument(metavar="KEY", help="Key of the model, as `twin models` lists it.")]
HeightOffset = Annotated[
    float | None, typer.Option(metavar="M", help="Added to heights: the geoid's undulation, say.")
]


def _settings(**options: Any) -> Any:
    from pydantic import ValidationError  # noqa: PLC0415 - `twin --help` answers without loading anything heavy

    from api.settings import Settings  # noqa: PLC0415

    try:
        return Settings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, f['loc']))} = {f['input']!r}: {f['msg']}"
            for f in error.errors(include_url=False)
        ]
        raise typer.BadParameter(
            f"{'; '.join(faults)} (an option, or TWIN_… in the environment)", param_hint="settings"
        ) from error


@app.command("import")
def import_(
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="SOURCE", readable=False, help="Files and folders: IFC, CityJSON, CityGML, map layers …"
        ),
    ],
    data: Data = None,
    key: Annotated[
        str | None, typer.Option(help="Key of the model; one source only. Default: the file name.")
    ] = None,
    crs: Crs = None,
    origin: Origin = None,
    rotation: Rotation = None,
    height_offset: HeightOffset = None,
    lod: Annotated[
        str | None,
        typer.Option(metavar="LOD", help="Highest level of detail of city models. Default: all they have."),
    ] = None,
    unit: Annotated[
        MeshUnit | None,
        typer.Option(help="What OBJ, PLY, STL and glTF meshes are measured in. Default: metres."),
    ] = None,
    rules: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.toml", readable=False, help="What features of map layers become: docs/gis.md."
        ),
    ] = None,
    terrain: Annotated[
        Path | None,
        typer.Option(metavar="DEM", help="Elevation model: features stand on it, the viewer shows it."),
    ] = None,
    no_compress: Annotated[
        bool, typer.Option("--no-compress", help="Tiles without quantisation and meshopt.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes to use. Or TWIN_WORKERS; default 2.")
    ] = None,
    report: Annotated[Path | None, typer.Option(metavar="FILE.json", help="Write the report here.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Import again what has not changed.")] = False,
) -> None:
    """Import building models: each becomes a model with its objects, its tiles and a report."""
    from api.importing.child import load_ahead  # noqa: PLC0415

    load_ahead()
    gc.disable()  # modules are no garbage, and looking for some among them takes an eighth of the time of loading them
    from api import cli_import  # noqa: PLC0415
    from api.importing.events import ImportRequest  # noqa: PLC0415

    gc.freeze()
    gc.enable()
    request = ImportRequest(
        sources=sources,
        key=key,
        crs=crs,
        origin=parse_origin(origin),
        rotation_deg=rotation,
        height_offset_m=height_offset,
        lod=lod,
        unit=unit,
        rules=rules,
        terrain=terrain,
        compress=not no_compress,
        force=force,
    )
    raise typer.Exit(cli_import.run(_settings(data=data, workers=workers), request, report))


@app.command()
def models(data: Data = None, as_json: AsJson = False) -> None:
    """List the models: what is drawn, where each stands and how sure that is."""
    from api import cli_models  # noqa: PLC0415

    cli_models.show(_settings(data=data), as_json=as_json)


@app.command()
def remove(key: Key, data: Data = None) -> None:
    """Take a model out of the scene. Its objects are retired, not deleted; importing it again brings them back."""
    from api import cli_models  # noqa: PLC0415

    cli_models.remove(_settings(data=data), key)


@app.command()
def place(
    key: Key,
    data: Data = None,
    crs: Crs = None,
    origin: Origin = None,
    rotation: Rotation = None,
    height_offset: HeightOffset = None,
) -> None:
    """Move a model without importing it again."""
    from api import cli_models  # noqa: PLC0415
    from bim_import import PlacementOverrides  # noqa: PLC0415

    overrides = PlacementOverrides(
        crs=crs, origin=parse_origin(origin), rotation_deg=rotation, height_offset_m=height_offset
    )
    cli_models.place(_settings(data=data), key, overrides)


@app.command("diff")
def compare(
    key: Key,
    before: Annotated[int, typer.Argument(metavar="REV", min=1, max=2**31 - 1, help="The older revision.")],
    after: Annotated[int, typer.Argument(metavar="REV", min=1, max=2**31 - 1, help="The newer revision.")],
    data: Data = None,
    as_json: AsJson = False,
    tolerance: Annotated[
        float, typer.Option(metavar="M", help="What has moved or grown by less than this has not changed.")
    ] = 0.01,
) -> None:
    """List what has changed between two revisions of a model: objects added, removed, moved, reshaped, their properties."""
    from api import cli_diff  # noqa: PLC0415

    cli_diff.show(_settings(data=data), key, (before, after), tolerance_m=tolerance, as_json=as_json)


@app.command("rollback")
def roll_back(
    key: Key,
    revision: Annotated[
        int, typer.Argument(metavar="REVISION", min=1, max=2**31 - 1, help="Number of the revision.")
    ],
    data: Data = None,
) -> None:
    """Show an earlier revision of a model again."""
    from api import cli_models  # noqa: PLC0415

    cli_models.roll_back(_settings(data=data), key, revision)


@app.command()
def bind(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", readable=False, help="Binding file, .toml or .csv."),
    ] = None,
    data: Data = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would match; change nothing.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Instead: tell which bound signals have lost their object.")
    ] = False,
    suggest: Annotated[
        str | None,
        typer.Option(
            metavar="KEY", help="Instead: print a binding file to start from, made from this model's classes."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bind messages to signals of objects, as a file says; what the same file bound before is replaced.

    Exit status: 0 all matched; 1 some not (the others are in), or orphans; 2 the file cannot be used, nothing was done.
    """
    if sum([file is not None, check, suggest is not None]) != 1:
        raise typer.BadParameter("give a FILE, or --check, or --suggest KEY", param_hint="FILE")
    from api import cli_bind  # noqa: PLC0415

    settings = _settings(data=data)
    if suggest is not None:
        cli_bind.suggest(settings, suggest)
    elif file is None:
        raise typer.Exit(cli_bind.check(settings, as_json=as_json))
    else:
        raise typer.Exit(cli_bind.run(settings, file, dry_run=dry_run, as_json=as_json))


@app.command()
def serve(
    data: Data = None,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on. Or TWIN_HOST; default 127.0.0.1.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port; 0 takes a free one. Or TWIN_PORT; default 8500.")
    ] = None,
    demo: Annotated[
        bool,
        typer.Option(
            "--demo", help="Import the sample if the data folder is empty; run its devices, simulated."
        ),
    ] = False,
) -> None:
    """Serve the scene, the API and the viewer; take in readings from the broker that TWIN_MQTT names.

    TWIN_MQTT is mqtt://USER:PASSWORD@HOST:PORT, or mqtts:// for TLS, with TWIN_MQTT_AUTHORITY, TWIN_MQTT_CERTIFICATE and
    TWIN_MQTT_KEY (PEM files); TWIN_MQTT_CLIENT_ID, TWIN_MQTT_SHARE and TWIN_MQTT_VERSION say how.
    """
    from api import cli_serve  # noqa: PLC0415

    cli_serve.run(_settings(data=data, host=host, port=port), demo=demo)


@app.command()
def sample(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="community (three buildings, map layers, terrain, devices), or building."
        ),
    ],
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", file_okay=False, help="Folder to write; made if it is not there.")
    ],
) -> None:
    """Write the files of the sample into a folder: IFC, GeoJSON, rules, bindings, roles, calendars. `serve --demo` imports them by itself."""
    from api import cli_sample  # noqa: PLC0415

    if name not in tuple(cli_sample.Sample):
        raise typer.BadParameter(
            f"there is no sample {name!r}; there are community and building", param_hint="NAME"
        )
    cli_sample.run(cli_sample.Sample(name), folder)


@app.command()
def simulate(
    broker: Annotated[
        str,
        typer.Option(
            envvar="TWIN_MQTT",
            show_envvar=False,
            metavar="URL",
            help="mqtt://USER:PASSWORD@HOST:PORT, or mqtts:// for TLS. Or TWIN_MQTT.",
        ),
    ],
    data: Data = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND[:…]",
            help="silence, drift, late, duplicates, bad or death; several times if wanted. After a colon: share=0.2 (of the signals), "
            "after=30 and for=60 (seconds), gateway=site/fire.",
        ),
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(min=0, help="Stop after this time; default: when interrupted.")
    ] = None,
) -> None:
    """Run simulated devices at an MQTT broker: they send what the bindings of the data folder expect."""
    from api import cli_simulate  # noqa: PLC0415

    cli_simulate.run(_settings(data=data), broker, faults=fault or [], seconds=seconds)


def parse_origin(text: str | None) -> tuple[float, float, float] | None:
    """`LON,LAT[,HEIGHT]` in degrees and metres. Raises typer.BadParameter for anything else."""
    if text is None:
        return None
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in {2, 3} or not (-180 <= numbers[0] <= 180 and -90 <= numbers[1] <= 90):
        raise typer.BadParameter(
            f"{text!r} is not LON,LAT,HEIGHT, such as 121.45,29.87,3.2", param_hint="--origin"
        )
    return numbers[0], numbers[1], numbers[2] if len(numbers) == 3 else 0.0


def settings_of(**options: Any) -> Any:
    """Settings with these options, for commands that stand elsewhere."""
    return _settings(**options)


app.command()(cli_command_commands.command)
app.add_typer(cli_device_commands.app, name="devices")
app.add_typer(cli_alarm_commands.app, name="alarms")
app.add_typer(calendars, name="calendars")
app.add_typer(cli_rights_commands.token, name="token")
app.add_typer(cli_rights_commands.policy, name="policy")
app.add_typer(cli_rights_commands.audit, name="audit")


def main() -> None:
    """Run the command line: what goes wrong is one sentence on standard error, never a traceback."""
    _take_signals()
    try:
        app()
    except SystemExit as end:
        if end.code == _INTERRUPTED:
            _say("interrupted; nothing half-done was published")
        raise
    except KeyboardInterrupt:
        _say("interrupted; nothing half-done was published")
        sys.exit(_INTERRUPTED)
    except Exception as error:
        if "TWIN_TRACE" in os.environ:
            raise
        from api.importing.faults import explained  # noqa: PLC0415

        _say(str(explained(error)))
        sys.exit(FAILED)
    finally:
        _leave_signals()


def _say(sentence: str) -> None:
    typer.echo(f"twin: {sentence}", err=True)


def _take_signals() -> None:
    """What this process was started to ignore stays ignored (`nohup`, jobs in the background)."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)


def _leave_signals() -> None:
    """All is decided: a Ctrl-C while the interpreter shuts down would kill it, and the exit status would not be ours."""
    if signal.getsignal(signal.SIGINT) is _interrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _interrupt(_number: int, _frame: object) -> None:
    """Once is enough: stopping takes seconds, and a second Ctrl-C would leave behind what it clears away."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


def _end(number: int, _frame: object) -> None:
    """End as Ctrl-C does: what is under way is undone, and temporary files go."""
    raise SystemExit(128 + number)
