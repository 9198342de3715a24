"""What goes over the wire about devices."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class DeviceBody(BaseModel):
    """What can be written of a device."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "id": "site/water/WM-07",
                    "name": "水表 7",
                    "gateway": "site/water",
                    "serial": "W-2024-0007",
                    "firmware": "1.4.2",
                    "credentials": "file:/run/secrets/wm-07",
                }
            ]
        },
    )

    id: str | None = Field(default=None, description="Not needed where the path has it.")
    name: str | None = None
    address: str | None = Field(
        default=None,
        description="What its topics begin with; Sparkplug: `GROUP/NODE[/DEVICE]`. Default: the id.",
    )
    gateway: str | None = Field(default=None, description="Id of the device through which it speaks.")
    is_gateway: bool = Field(
        default=False, description="What comes from under its address are devices behind it."
    )
    status_topic: str | None = Field(
        default=None, description="Where its last will is published. Default: `ADDRESS/status`."
    )
    offline: str = Field(default="offline", description="Payload there that says that it is gone.")
    manufacturer: str | None = None
    type: str | None = None
    serial: str | None = None
    firmware: str | None = None
    credentials: str | None = Field(
        default=None,
        description="Where its secret is kept: `file:/…` or `env:NAME`. A secret itself is refused.",
    )
    note: str | None = None
    disabled: bool = False


class DeviceSummary(BaseModel):
    """What carries signals."""

    id: str = Field(
        description="As registered; else for Sparkplug `GROUP/NODE[/DEVICE]`, or what its topics begin with."
    )
    registered: bool = Field(description="`false`: only bindings tell of it.")
    name: str | None
    is_gateway: bool
    gateway: str | None
    address: str
    codec: str | None
    firmware: str | None
    disabled: bool
    refused: str | None = Field(description="Why its messages are refused; null: they are not.")
    replaced_by: str | None
    online: bool | None = Field(description="One of its signals at least is not stale; null: never reported.")
    last_seen: datetime | None = Field(description="Our clock.")
    signals: int
    stale: int = Field(description="Signals that have been silent for longer than they may.")
    silent: int = Field(description="Signals that have never reported.")
    devices: int = Field(description="Devices behind it.")
    objects: list[str]


class DeviceDetail(DeviceSummary):
    """One device with all that is known of it."""

    manufacturer: str | None
    type: str | None
    serial: str | None
    status_topic: str | None
    offline: str
    credentials: str | None
    note: str | None
    aliases: list[str] = Field(description="Addresses of devices whose place it has taken.")
    signal_ids: list[str]
    carries: list[str] = Field(description="Ids of the devices behind it.")


class DevicePage(BaseModel):
    """Devices, and the cursor of the next page."""

    items: list[DeviceSummary]
    next: str | None
