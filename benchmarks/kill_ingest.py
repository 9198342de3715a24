"""kill -9 of the service under load, many times: what got its PUBACK must be in history exactly once.

    .venv/bin/python benchmarks/kill_ingest.py [--times 200] [--seed N] [--per-s 2000] [--store sqlite|postgresql|URL]

Mosquitto, a publisher with QoS 1 and the service in a child process, which is killed at random moments and started again. `sqlite` is in a
temporary folder, `postgresql` a server of its own, a URL names an empty database. Ends with status 1 if a reading is lost or doubled.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.own_postgres import database
from tests.state_sync import child_ingest
from tests.state_sync.broker import Broker
from tests.state_sync.killing import Killing, run


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--per-s", type=int, default=2_000)
    parser.add_argument("--store", default="sqlite")
    arguments = parser.parse_args()
    plan = Killing(times=arguments.times, seed=arguments.seed, per_s=arguments.per_s)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, database(arguments.store) as store:
        location = folder if store == "sqlite" else store
        child_ingest.prepare(location)
        broker = Broker(Path(folder))
        broker.start()
        try:
            outcome = asyncio.run(run(broker, location, plan))
        finally:
            broker.stop()
    print(
        f"{arguments.store}, seed {plan.seed}: killed {plan.times} times in {time.monotonic() - began:.0f} s; "
        f"{outcome.published:,} published, {len(outcome.acknowledged):,} acknowledged to the publisher, "
        f"{outcome.kept.total():,} in history, {len(outcome.lost)} lost, {len(outcome.doubled)} doubled"
    )
    if outcome.lost:
        print(outcome.last_words)
    sys.exit(bool(outcome.lost or outcome.doubled))


if __name__ == "__main__":
    main()
