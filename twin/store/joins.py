"""Joins whose order the planner must keep."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Join
from sqlalchemy.ext.compiler import compiles


class OrderedJoin(Join):
    """Joins the right side to the left one, which SQLite goes through first (its CROSS JOIN, with ON, says so: sqlite.org/optoverview.html,
    section 7.3); other engines take it as any join.
    """

    inherit_cache = True

    def __init__(self, left: FromClause, right: FromClause, onclause: ColumnElement[bool]) -> None:
        super().__init__(left, right, onclause)


@compiles(OrderedJoin)
def _any(join: OrderedJoin, compiler: Any, **options: Any) -> str:
    text: str = compiler.visit_join(join, **options)
    return text


@compiles(OrderedJoin, "sqlite")
def _sqlite(join: OrderedJoin, compiler: Any, **options: Any) -> str:
    sides = {**options, "asfrom": True}
    left = compiler.process(join.left, **sides)
    right = compiler.process(join.right, **sides)
    return f"{left} CROSS JOIN {right} ON {compiler.process(join.onclause, **options)}"
