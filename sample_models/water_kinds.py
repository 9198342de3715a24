"""Kinds of pipes, meters, valves, pumps and tanks. Devices in a line run along their x axis, from 0 to their length."""

from sample_models.devices import common, electrical, maker
from sample_models.networks import Section, round_section
from sample_models.shapes import Rod, box, ring
from sample_models.values import Kind, Pset, flag, length, measure, name


def pipe(key: str, label: tuple[str, str], diameter: float, paint: str) -> Section:
    """A pipe of a nominal diameter in mm."""
    outer = diameter + 8.0
    size = Pset(
        name="Pset_PipeSegmentTypeCommon",
        properties={
            "NominalDiameter": length(diameter),
            "OuterDiameter": length(outer),
            "WorkingPressure": measure("Pressure", 1.0, "MPa"),
        },
    )
    zh, en = label
    segment = Kind(
        key=f"pipe_{key}",
        cls="IfcPipeSegmentType",
        label=name(f"{zh} DN{diameter:.0f}", f"{en} DN{diameter:.0f}"),
        attributes={"PredefinedType": "RIGIDSEGMENT"},
        psets=(size,),
        material="stainless",
        code="30-GS.01",
    )
    fitting = Kind(
        key=f"fitting_{key}",
        cls="IfcPipeFittingType",
        label=name(f"{zh}管件 DN{diameter:.0f}", f"{en} fitting DN{diameter:.0f}"),
        attributes={"PredefinedType": "NOTDEFINED"},
        material="stainless",
        code="30-GS.02",
    )
    return round_section(segment, fitting, outer / 2, paint)


COLD = ("生活给水管", "Cold-water pipe")
DN100, DN65, DN32 = (pipe(f"cold_{d:.0f}", COLD, d, "water_blue") for d in (100.0, 65.0, 32.0))
FIRE_MAIN = pipe("fire_150", ("消火栓给水管", "Fire-water pipe"), 150.0, "fire_red")

METER_PSET = Pset(
    name="Pset_FlowMeterTypeWaterMeter",
    properties={
        "ConnectionSize": length(32.0),
        "MaximumFlowRate": measure("VolumetricFlowRate", 10.0, "m3/h"),
        "MaximumPressureLoss": measure("Pressure", 63.0, "kPa"),
    },
)


def meter(key: str, label: tuple[str, str], reach: float, radius: float) -> Kind:
    """A water meter in a line along x: `reach` mm long."""
    return Kind(
        key=key,
        cls="IfcFlowMeterType",
        label=name(*label),
        solids=(
            Rod(start=(0.0, 0.0, 0.0), end=(reach, 0.0, 0.0), radius=radius, style="steel"),
            Rod(
                start=(reach / 2, 0.0, 0.0),
                end=(reach / 2, 0.0, radius * 2.4),
                radius=radius * 1.5,
                style="machine",
            ),
        ),
        attributes={"PredefinedType": "WATERMETER"},
        psets=(
            common("Pset_FlowMeterTypeCommon", key, {"RemoteReading": flag(True)}),
            METER_PSET,
            maker("甬水仪表", key),
        ),
        code="30-GS.03",
    )


MAIN_METER = meter("LXS-100", ("远传总水表 DN100", "Main water meter DN100"), 400.0, 60.0)
METER = meter("LXS-32", ("远传水表 DN32", "Water meter DN32"), 260.0, 26.0)


def valve(key: str, label: tuple[str, str], reach: float, radius: float) -> Kind:
    """A valve with a hand wheel in a line along x: `reach` mm long."""
    return Kind(
        key=key,
        cls="IfcValveType",
        label=name(*label),
        solids=(
            Rod(start=(0.0, 0.0, 0.0), end=(reach, 0.0, 0.0), radius=radius, style="steel"),
            Rod(
                start=(reach / 2, 0.0, 0.0),
                end=(reach / 2, 0.0, radius * 3.0),
                radius=radius * 0.35,
                style="steel",
            ),
            Rod(
                start=(reach / 2, 0.0, radius * 3.0),
                end=(reach / 2, 0.0, radius * 3.4),
                radius=radius * 1.4,
                style="fire_red",
            ),
        ),
        attributes={"PredefinedType": "ISOLATING"},
        psets=(
            common("Pset_ValveTypeCommon", key, {"WorkingPressure": measure("Pressure", 1.6, "MPa")}),
            maker("甬水仪表", key),
        ),
        code="30-GS.04",
    )


MAIN_VALVE = valve("Z45X-65", ("闸阀 DN65", "Gate valve DN65"), 300.0, 48.0)
VALVE = valve("Q11F-32", ("电动球阀 DN32", "Motorised ball valve DN32"), 200.0, 28.0)

PUMP = Kind(
    key="pump_domestic",
    cls="IfcPumpType",
    label=name("生活变频水泵", "Domestic-water pump"),
    solids=(
        box((-400.0, -250.0, -480.0), (400.0, 250.0, -330.0), "concrete"),
        Rod(start=(-400.0, 0.0, 0.0), end=(-60.0, 0.0, 0.0), radius=60.0, style="machine"),
        Rod(start=(60.0, 0.0, 0.0), end=(400.0, 0.0, 0.0), radius=60.0, style="machine"),
        Rod(start=(0.0, 0.0, -330.0), end=(0.0, 0.0, 180.0), radius=130.0, style="machine"),
        Rod(start=(0.0, 0.0, 180.0), end=(0.0, 0.0, 640.0), radius=110.0, style="cabinet"),
    ),
    attributes={"PredefinedType": "VERTICALINLINE"},
    psets=(
        common("Pset_PumpTypeCommon", "SLG-12", {"ConnectionSize": length(65.0)}),
        Pset(
            name="水泵参数",
            properties={
                "额定流量": measure("VolumetricFlowRate", 12.0, "m3/h"),
                "额定扬程": measure("Pressure", 450.0, "kPa"),
            },
        ),
        *electrical(4.0, 380.0),
        maker("宁泵机械", "NB-12-45"),
    ),
    code="30-GS.05",
)
FIRE_PUMP = Kind(
    key="pump_fire",
    cls="IfcPumpType",
    label=name("消火栓泵", "Fire pump"),
    solids=(
        box((-750.0, -300.0, -480.0), (750.0, 300.0, -250.0), "concrete"),
        Rod(start=(-750.0, 0.0, 0.0), end=(-250.0, 0.0, 0.0), radius=210.0, style="fire_red"),
        Rod(start=(-250.0, 0.0, 0.0), end=(700.0, 0.0, 0.0), radius=180.0, style="machine"),
    ),
    attributes={"PredefinedType": "ENDSUCTION"},
    psets=(
        common("Pset_PumpTypeCommon", "XBD-20", {"ConnectionSize": length(150.0)}),
        *electrical(37.0, 380.0),
        maker("宁泵机械", "XBD6-20"),
    ),
    code="30-GS.05",
)
SUMP_PUMP = Kind(
    key="pump_sump",
    cls="IfcPumpType",
    label=name("潜水排污泵", "Sump pump"),
    solids=(
        Rod(start=(0.0, 0.0, 0.0), end=(0.0, 0.0, 500.0), radius=120.0, style="machine"),
        Rod(start=(160.0, 0.0, 100.0), end=(160.0, 0.0, 2200.0), radius=45.0, style="light_metal"),
    ),
    attributes={"PredefinedType": "SUMPPUMP"},
    psets=(common("Pset_PumpTypeCommon", "WQ-15"), *electrical(2.2, 380.0), maker("宁泵机械", "WQ15-10")),
    code="30-GS.05",
)
TANK = Kind(
    key="tank_12",
    cls="IfcTankType",
    label=name("不锈钢生活水箱 12m³", "Stainless steel water tank 12 m³"),
    solids=(
        box((-1650.0, -1500.0, 300.0), (1650.0, 1500.0, 2500.0), "steel"),
        *ring((-1670.0, -1520.0), (1670.0, 1520.0), 60.0, (1370.0, 1430.0), "light_metal"),
        box((-1650.0, -1500.0, 0.0), (-1350.0, 1500.0, 300.0), "concrete"),
        box((1350.0, -1500.0, 0.0), (1650.0, 1500.0, 300.0), "concrete"),
    ),
    attributes={"PredefinedType": "STORAGE"},
    psets=(
        common(
            "Pset_TankTypeCommon",
            "SX-12",
            {"NominalCapacity": measure("Volume", 12.0), "EffectiveCapacity": measure("Volume", 10.5)},
        ),
        maker("甬水仪表", "SX-12"),
    ),
    material="stainless",
    code="30-GS.06",
)
LEVEL_SENSOR = Kind(
    key="level",
    cls="IfcSensorType",
    label=name("投入式液位传感器", "Level sensor"),
    solids=(box((-60.0, -60.0, 0.0), (60.0, 60.0, 160.0), "device"),),
    attributes={"PredefinedType": "LEVELSENSOR"},
    psets=(common("Pset_SensorTypeCommon", "LEVEL"), maker("宁感科技", "NG-LVL")),
    code="30-ZN.01",
)
