"""`twin sample`: the files of the sample community, to look at and to import by hand."""

from enum import StrEnum
from pathlib import Path

import typer

from sample_models import sample_sources, write_community


class Sample(StrEnum):
    """What can be written."""

    COMMUNITY = "community"
    BUILDING = "building"


def run(sample: Sample, folder: Path) -> None:
    """Write the files and say how they are imported. Raises OSError."""
    if sample is Sample.BUILDING:
        (source,) = sample_sources(folder)
        typer.echo(f"{source}\nImport it: twin import {source}")
        return
    community = write_community(folder, lambda name: typer.echo(f"{name} …"))
    typer.echo(
        f"Import the buildings: twin import {folder}/*.ifc --height-offset 0\n"
        f"and the layers: twin import {folder}/*.geojson --rules {community.rules} --terrain {community.terrain} --height-offset 0\n"
        f"Then: twin bind {folder}/community.bindings.toml; twin policy apply {folder}/community.policy.toml; "
        f"twin calendars apply {folder}/community.calendars.toml"
    )
