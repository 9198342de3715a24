"""Tables of the command line: for people at a terminal, and one row a line where they are piped."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

_PIPED_WIDTH = 200
"""Columns where the output goes to a file or another program."""


def output() -> Console:
    """Standard output; wide where it goes to a file or another program: keys are not cut."""
    console = Console()
    if not console.is_terminal:
        console.width = _PIPED_WIDTH
    return console


def print_rows(names: tuple[str, ...], rows: Sequence[tuple[str, ...]], nothing: str) -> None:
    """Print rows below these names, or `nothing` where there are none."""
    console = output()
    if not rows:
        console.print(nothing, markup=False)
        return
    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(text.replace("[", r"\[") for text in row))
    console.print(table)
