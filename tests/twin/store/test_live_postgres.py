"""PostgreSQL keeps the contract of a store of live state."""

import pytest

from tests.twin.store.alarm_contract import AlarmContract, AlarmRuleContract
from tests.twin.store.curve_contract import CurveContract
from tests.twin.store.device_contract import DeviceContract
from tests.twin.store.fold_contract import FoldContract
from tests.twin.store.live_contract import BindingContract, RecordContract, SignalContract, StalenessContract
from tests.twin.store.live_query_contract import HistoryContract, SceneContract, StateContract
from tests.twin.store.membership_contract import MembershipContract
from tests.twin.store.retention_contract import RetentionContract
from tests.twin.store.rollup_contract import RollUpContract
from twin.store import SqlStore


@pytest.fixture
def store(postgres_store: SqlStore) -> SqlStore:
    return postgres_store


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
