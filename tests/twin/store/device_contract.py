"""What every store must do about devices; adapters' tests inherit this class and give `store`."""

import pytest

from twin.devices import Device
from twin.errors import Conflict, NotFound
from twin.ports import TwinStore

METER = Device(
    id="site/水表 7",
    name="水表",
    gateway="site",
    aliases=("old/7",),
    firmware="1.4",
    credentials="env:METER_7",
    disabled=True,
)
GATEWAY = Device(id="site", is_gateway=True)


class DeviceContract:
    def test_devices_are_kept_with_all_that_is_written_of_them_in_the_order_of_ids(
        self, store: TwinStore
    ) -> None:
        store.change_devices([METER, GATEWAY], [], known=store.devices_version())
        assert store.device_registry().devices == (GATEWAY, METER)
        assert store.device_registry().find(METER.id) == METER

    def test_each_change_makes_another_version(self, store: TwinStore) -> None:
        first = store.devices_version()
        second = store.change_devices([METER], [], known=first)
        assert (second, store.devices_version(), store.device_registry().version) == (second,) * 3
        assert second > first

    def test_a_change_puts_some_in_place_of_what_they_were_and_takes_others_away(
        self, store: TwinStore
    ) -> None:
        version = store.change_devices([METER, GATEWAY], [], known=store.devices_version())
        renamed = Device(id=METER.id, name="new")
        store.change_devices([renamed], [GATEWAY.id], known=version)
        assert store.device_registry().devices == (renamed,)
        with pytest.raises(NotFound):
            store.device_registry().find(GATEWAY.id)

    def test_a_change_that_was_decided_on_an_older_version_is_refused(self, store: TwinStore) -> None:
        known = store.devices_version()
        store.change_devices([METER], [], known=known)
        with pytest.raises(Conflict, match="look again"):
            store.change_devices([GATEWAY], [], known=known)
        assert store.device_registry().devices == (METER,)
