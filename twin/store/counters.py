"""Numbers that follow the order of commits: a row each, locked by the transaction that counts."""

from sqlalchemy import Connection, insert, select, update

from twin.store.schema import counter


def take(connection: Connection, name: str, count: int = 1) -> int:
    """Take `count` numbers in a row and return the first of them; counting starts at 0."""
    taken = connection.execute(
        update(counter).where(counter.c.name == name).values(value=counter.c.value + count)
    )
    if not taken.rowcount:
        connection.execute(insert(counter).values(name=name, value=count))
        return 0
    return peek(connection, name) - count


def peek(connection: Connection, name: str) -> int:
    """The number that comes next."""
    return connection.execute(select(counter.c.value).where(counter.c.name == name)).scalar() or 0


def give_back(connection: Connection, name: str, first: int) -> None:
    """Let `first` be the next number again; nothing may use it or one above."""
    connection.execute(update(counter).where(counter.c.name == name).values(value=first))
