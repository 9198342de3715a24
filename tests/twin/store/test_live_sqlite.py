"""SQLite keeps the contract of a store of live state."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.twin.store.alarm_contract import AlarmContract, AlarmRuleContract
from tests.twin.store.clock import Clock
from tests.twin.store.curve_contract import CurveContract
from tests.twin.store.device_contract import DeviceContract
from tests.twin.store.fold_contract import FoldContract
from tests.twin.store.live_contract import BindingContract, RecordContract, SignalContract, StalenessContract
from tests.twin.store.live_query_contract import HistoryContract, SceneContract, StateContract
from tests.twin.store.membership_contract import MembershipContract
from tests.twin.store.retention_contract import RetentionContract
from tests.twin.store.rollup_contract import RollUpContract
from twin.ports import TwinStore
from twin.store import SqlStore, open_store


@pytest.fixture
def store(data: Path, clock: Clock) -> Iterator[SqlStore]:
    with open_store(data, clock=clock) as store:
        yield store


class TestSignals(SignalContract): ...


class TestRecording(RecordContract): ...


class TestFolding(FoldContract): ...


class TestStaleness(StalenessContract): ...


class TestStates(StateContract): ...


class TestHistory(HistoryContract): ...


class TestScenes(SceneContract): ...


class TestMembership(MembershipContract): ...


class TestRollUps(RollUpContract): ...


class TestCurves(CurveContract): ...


class TestRetention(RetentionContract): ...


class TestBindings(BindingContract): ...


class TestDevices(DeviceContract): ...


class TestAlarms(AlarmContract): ...


class TestAlarmRules(AlarmRuleContract): ...


def is_a_store(store: SqlStore) -> TwinStore:
    """Checked by mypy: the adapter has the shape of every port."""
    return store
