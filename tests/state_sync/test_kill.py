"""kill -9 of the service under load: what got its PUBACK is in history exactly once, and its alarm was raised exactly once."""

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest

from tests.state_sync import child_ingest
from tests.state_sync.broker import Broker
from tests.state_sync.killing import Killing, alarming, run


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_every_acknowledged_reading_is_in_history_exactly_once(
    broker: Broker, tmp_path: Path, engine: str, request: pytest.FixtureRequest
) -> None:
    location = str(tmp_path) if engine == "sqlite" else request.getfixturevalue("postgres_location")
    child_ingest.prepare(location)
    plan = Killing(times=5, seed=random.SystemRandom().randrange(10**6))
    outcome = asyncio.run(run(broker, location, plan))
    assert outcome.lost == [], f"lost, with seed {plan.seed}: {outcome.last_words}"
    assert outcome.doubled == [], f"doubled, with seed {plan.seed}"
    assert outcome.alarmed == Counter(alarming(outcome.acknowledged)), f"alarms, with seed {plan.seed}"
    assert len(outcome.alarmed) > 10
    assert len(outcome.acknowledged) == outcome.published > 1000
