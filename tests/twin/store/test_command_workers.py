"""Several workers on one database: each command goes out once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from tests.twin.store.command_contract import order, settable
from tests.twin.store.places import Place
from twin.ports import CommandQuery


def test_two_servers_share_the_outbox_and_send_nothing_twice(place: Place) -> None:
    names = [f"{number:03}" for number in range(60)]
    with place.opened() as one, place.opened() as two:
        settable(one, names)
        for start in range(0, 60, 20):
            one.place_command(order(5, *names[start : start + 20], bulk=True))

        def drain(number: int) -> list[str]:
            store = (one, two)[number]
            taken: list[str] = []
            for _ in range(40):
                taken += [each.command.id for each in store.work_commands(f"w{number}", limit=3)]
            return taken

        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(drain, range(2))
        assert len(first) + len(second) == len({*first, *second}) == 60


def sent_while_both_live(place: Place) -> list[str]:
    """Commands as two servers have sent them, each of which looks for what the other may have left while that is sending."""
    names = [f"{number:03}" for number in range(60)]
    with place.opened() as one, place.opened() as two:
        settable(one, names, resend="always")
        one.place_command(order(5, *names, bulk=True))
        together = Barrier(2, timeout=30)

        def serve(number: int) -> list[str]:
            store, worker, sent = (one, two)[number], f"w{number}", list[str]()
            assert store.take_job(f"control:{worker}")
            for _ in range(12):
                together.wait()
                taken = store.work_commands(worker, limit=3)
                together.wait()
                taken += store.recover_commands(worker)
                sent += [each.command.id for each in taken]
                together.wait()
                store.commands_published([each.command.number for each in taken])
            return sent

        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(serve, range(2))
        return first + second


def test_nobody_takes_over_what_a_living_server_is_sending(place: Place) -> None:
    sent = sent_while_both_live(place)
    assert len(sent) == len(set(sent)) == 60


def test_a_key_that_comes_to_two_servers_at_once_is_one_request(place: Place) -> None:
    with place.opened() as one, place.opened() as two:
        settable(one)
        with ThreadPoolExecutor(8) as pool:
            placed = list(pool.map(lambda n: (one, two)[n % 2].place_command(order(5, key="k")), range(16)))
        assert len({each.id for each in placed}) == 1
        assert sum(each.created for each in placed) == 1
        assert len(one.commands(CommandQuery()).items) == 1
