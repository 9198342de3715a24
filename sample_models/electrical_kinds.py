"""Kinds of electrical equipment: transformers, boards, meters, gateways, controllers, chargers, cable trays."""

from sample_models.devices import common, electrical, maker
from sample_models.networks import flat_section
from sample_models.shapes import box
from sample_models.values import Kind, Pset, flag, length, measure, name

TRANSFORMER = Kind(
    key="transformer",
    cls="IfcTransformerType",
    label=name("干式变压器 630kVA", "Dry-type transformer 630 kVA"),
    solids=(
        box((-900.0, -600.0, 0.0), (900.0, 600.0, 2000.0), "cabinet"),
        box((-700.0, -606.0, 300.0), (700.0, -600.0, 1700.0), "spandrel_metal"),
    ),
    attributes={"PredefinedType": "VOLTAGE"},
    psets=(
        common(
            "Pset_TransformerTypeCommon",
            "SCB14-630",
            {
                "PrimaryVoltage": measure("ElectricVoltage", 10000.0),
                "SecondaryVoltage": measure("ElectricVoltage", 400.0),
                "MaximumApparentPower": measure("Power", 630.0, "kW"),
            },
        ),
        maker("甬电设备", "SCB14-630/10"),
    ),
    code="30-DQ.03",
)


def _cabinet(key: str, label: tuple[str, str], kind: str, size: tuple[float, float, float]) -> Kind:
    width, depth, height = size
    return Kind(
        key=key,
        cls="IfcElectricDistributionBoardType",
        label=name(*label),
        solids=(
            box((-width / 2, -depth, 0.0), (width / 2, 0.0, height), "cabinet"),
            box(
                (-width / 2 + 60.0, -depth - 5.0, height * 0.55),
                (width / 2 - 60.0, -depth, height - 80.0),
                "machine",
            ),
        ),
        attributes={"PredefinedType": kind},
        psets=(
            common("Pset_ElectricDistributionBoardTypeCommon", key),
            *electrical(100.0 if kind == "SWITCHBOARD" else 30.0, 380.0),
            maker("甬电设备", key),
        ),
        code="30-DQ.04",
    )


SWITCHBOARD = _cabinet(
    "GGD-1", ("低压配电柜", "Low-voltage switchboard"), "SWITCHBOARD", (800.0, 800.0, 2200.0)
)
BOARD = _cabinet("AL-1", ("楼层配电箱", "Distribution board"), "DISTRIBUTIONBOARD", (700.0, 250.0, 1700.0))

METER = Kind(
    key="DTSD-1",
    cls="IfcFlowMeterType",
    label=name("多功能智能电表", "Smart power meter"),
    solids=(
        box((-120.0, -90.0, 0.0), (120.0, 0.0, 320.0), "device"),
        box((-80.0, -95.0, 180.0), (80.0, -90.0, 280.0), "machine"),
    ),
    attributes={"PredefinedType": "ENERGYMETER"},
    psets=(
        common("Pset_FlowMeterTypeCommon", "DTSD-1", {"RemoteReading": flag(True)}),
        Pset(
            name="Pset_FlowMeterTypeEnergyMeter",
            properties={
                "NominalCurrent": measure("ElectricCurrent", 20.0),
                "MaximumCurrent": measure("ElectricCurrent", 80.0),
                "MultipleTarriff": flag(True),
            },
        ),
        *electrical(0.005, 380.0),
        maker("宁仪电气", "DTSD-80"),
    ),
    code="30-DQ.05",
)
GATEWAY = Kind(
    key="gateway",
    cls="IfcCommunicationsApplianceType",
    label=name("物联网网关", "IoT gateway"),
    solids=(box((-150.0, -70.0, 0.0), (150.0, 0.0, 220.0), "dark_metal"),),
    attributes={"PredefinedType": "GATEWAY"},
    psets=(
        common("Pset_CommunicationsApplianceTypeCommon", "GW-2"),
        *electrical(0.02),
        maker("宁感科技", "NG-GW2"),
    ),
    code="30-ZN.02",
)
CONTROLLER = Kind(
    key="controller",
    cls="IfcControllerType",
    label=name("照明控制器", "Lighting controller"),
    solids=(box((-120.0, -80.0, 0.0), (120.0, 0.0, 300.0), "cabinet"),),
    attributes={"PredefinedType": "PROGRAMMABLE"},
    psets=(common("Pset_ControllerTypeCommon", "LC-8"), *electrical(0.01), maker("甬光照明", "YG-LC8")),
    code="30-ZN.03",
)
CHARGER = Kind(
    key="charger",
    cls="IfcElectricApplianceType",
    label=name("电动汽车充电桩 7kW", "Vehicle charger 7 kW"),
    solids=(
        box((-180.0, -180.0, 0.0), (180.0, 0.0, 1350.0), "device"),
        box((-120.0, -186.0, 950.0), (120.0, -180.0, 1250.0), "machine"),
    ),
    attributes={"PredefinedType": "USERDEFINED", "ElementType": "充电桩 Vehicle charger"},
    psets=(common("Pset_ElectricApplianceTypeCommon", "AC-7"), *electrical(7.0), maker("甬电设备", "AC7")),
    code="30-DQ.06",
)
TRAY = flat_section(
    Kind(
        key="tray_300",
        cls="IfcCableCarrierSegmentType",
        label=name("电缆桥架 300×100", "Cable tray 300×100"),
        attributes={"PredefinedType": "CABLETRAYSEGMENT"},
        psets=(
            common("Pset_CableCarrierSegmentTypeCommon", "QJ-300"),
            Pset(
                name="Pset_CableCarrierSegmentTypeCableTraySegment",
                properties={
                    "NominalWidth": length(300.0),
                    "NominalHeight": length(100.0),
                    "HasCover": flag(True),
                },
            ),
        ),
        material="galvanised",
        code="30-DQ.07",
    ),
    Kind(
        key="tray_fitting_300",
        cls="IfcCableCarrierFittingType",
        label=name("桥架弯通 300×100", "Cable tray fitting 300×100"),
        attributes={"PredefinedType": "BEND"},
        material="galvanised",
        code="30-DQ.08",
    ),
    (300.0, 100.0),
    "cable_orange",
)
