"""Colours, materials and units that the whole building shares."""

from dataclasses import dataclass

from sample_models.values import Label, name


@dataclass(frozen=True, slots=True, kw_only=True)
class Paint:
    """A surface colour in sRGB, 0–255, and how translucent it is (0 opaque, 1 invisible)."""

    label: str
    rgb: tuple[int, int, int]
    transparency: float = 0.0


def _paint(label: str, code: int, transparency: float = 0.0) -> Paint:
    rgb = (code >> 16 & 255, code >> 8 & 255, code & 255)
    return Paint(label=label, rgb=rgb, transparency=transparency)


PAINTS: dict[str, Paint] = {
    "render": _paint("浅米色外墙涂料 Off-white render", 0xE9E4DA),
    "brick": _paint("棕红面砖 Brown brick tile", 0x9C6B54),
    "cream": _paint("奶油色真石漆 Cream stone-effect render", 0xE3D5BD),
    "stone": _paint("灰色石材 Grey stone", 0x8C877F),
    "plinth": _paint("深灰花岗岩 Dark granite", 0x57544F),
    "bronze": _paint("古铜色铝板 Bronze aluminium", 0x83604B),
    "dark_metal": _paint("深灰型材 Dark grey profile", 0x33383D),
    "light_metal": _paint("银灰金属 Silver grey metal", 0xB9BFC3),
    "glass": _paint("中空玻璃 Insulating glass", 0x86AEC2, 0.55),
    "clear_glass": _paint("夹胶玻璃 Laminated glass", 0xA9CBD6, 0.7),
    "spandrel": _paint("彩釉玻璃 Enamelled glass", 0x48606E, 0.1),
    "spandrel_metal": _paint("深灰铝板 Dark grey panel", 0x6B6A68),
    "concrete": _paint("清水混凝土 Fair-faced concrete", 0xB4B1AB),
    "partition": _paint("白色内墙涂料 White interior paint", 0xF1EFEA),
    "wood": _paint("木饰面 Timber", 0xB98A5A),
    "timber_floor": _paint("木地板 Timber floor", 0xC79D6C),
    "tile": _paint("浅色地砖 Light floor tile", 0xD8D4CB),
    "wet_tile": _paint("防滑地砖 Non-slip tile", 0xA9B6BA),
    "carpet": _paint("灰蓝地毯 Grey-blue carpet", 0x7C8794),
    "epoxy": _paint("灰色环氧地坪 Grey epoxy floor", 0x9CA3A2),
    "parking_green": _paint("绿色环氧地坪 Green epoxy floor", 0x5D8E78),
    "line_white": _paint("白色标线 White marking", 0xF4F4F2),
    "roofing": _paint("屋面防水卷材 Roof membrane", 0xA5A39C),
    "paving": _paint("米灰铺装 Paving", 0xC6BDAE),
    "asphalt": _paint("沥青路面 Asphalt", 0x55585B),
    "lawn": _paint("草坪 Lawn", 0x86A562),
    "leaf": _paint("香樟叶 Camphor leaf", 0x557F41),
    "leaf_light": _paint("桂花叶 Osmanthus leaf", 0x6F9A4C),
    "bark": _paint("树皮 Bark", 0x75583D),
    "lamp": _paint("发光面 Luminous panel", 0xFFF6DA),
    "device": _paint("白色设备 White device", 0xF5F5F3),
    "cabinet": _paint("设备柜 Cabinet", 0xC5CACC),
    "ceramic": _paint("陶瓷 Ceramic", 0xFBFBFA),
    "water_blue": _paint("给水蓝 Water-supply blue", 0x2E7CB8),
    "fire_red": _paint("消防红 Fire red", 0xC2362B),
    "cable_orange": _paint("桥架橙 Cable-tray orange", 0xD98A2B),
    "duct": _paint("镀锌风管 Galvanised duct", 0xC2CBD0),
    "machine": _paint("机电蓝 Machine blue", 0x3A6796),
    "steel": _paint("不锈钢 Stainless steel", 0xCBD0D3),
    "solar": _paint("光伏板 Photovoltaic panel", 0x1C2C4E),
    "room": _paint("房间 Room", 0x6FA8DC, 0.75),
    "bay": _paint("车位 Parking bay", 0x8BC9A0, 0.75),
    "door_red": _paint("防火门 Fire door", 0x9E4A3A),
}
"""Colours by key. Rooms are translucent: they are shown on request, over everything else."""

MATERIALS: dict[str, tuple[Label, str, str]] = {
    "concrete": (name("C35钢筋混凝土", "Reinforced concrete C35"), "concrete", "concrete"),
    "waterproof_concrete": (name("C40 P8抗渗混凝土", "Watertight concrete C40 P8"), "concrete", "concrete"),
    "block": (name("蒸压加气混凝土砌块", "Autoclaved aerated concrete block"), "block", "partition"),
    "wool": (name("岩棉保温板", "Mineral wool board"), "insulation", "lamp"),
    "render": (name("外墙真石漆", "Stone-effect render"), "paint", "render"),
    "brick": (name("外墙面砖", "Facing brick tile"), "ceramic", "brick"),
    "stone": (name("干挂花岗石", "Rainscreen granite"), "stone", "stone"),
    "plaster": (name("水泥砂浆抹灰", "Cement plaster"), "plaster", "partition"),
    "glass": (name("6+12A+6中空Low-E玻璃", "Insulating glass 6+12A+6 Low-E"), "glass", "glass"),
    "aluminium": (name("断桥铝合金", "Thermally broken aluminium"), "aluminium", "dark_metal"),
    "bronze": (name("氟碳喷涂铝单板", "PVDF-coated aluminium panel"), "aluminium", "bronze"),
    "steel": (name("Q355B钢材", "Steel Q355B"), "steel", "light_metal"),
    "stainless": (name("06Cr19Ni10不锈钢", "Stainless steel 06Cr19Ni10"), "steel", "steel"),
    "wood": (name("橡木", "Oak"), "wood", "wood"),
    "galvanised": (name("镀锌钢板", "Galvanised sheet steel"), "steel", "duct"),
    "screed": (name("细石混凝土垫层", "Screed"), "concrete", "concrete"),
    "membrane": (name("SBS改性沥青防水卷材", "SBS-modified bitumen membrane"), "membrane", "roofing"),
    "granite": (name("芝麻灰花岗石", "Grey granite"), "stone", "paving"),
    "ceramic": (name("釉面陶瓷", "Glazed ceramic"), "ceramic", "ceramic"),
    "silicon": (name("单晶硅", "Monocrystalline silicon"), "silicon", "solar"),
}
"""Materials by key: name, category, key of the paint."""

LAYERS: dict[str, tuple[Label, tuple[tuple[str, float], ...]]] = {
    "facade_render": (
        name("涂料外墙300", "Rendered external wall 300"),
        (("render", 10.0), ("wool", 70.0), ("block", 200.0), ("plaster", 20.0)),
    ),
    "facade_brick": (
        name("面砖外墙300", "Brick-tiled external wall 300"),
        (("brick", 10.0), ("wool", 70.0), ("block", 200.0), ("plaster", 20.0)),
    ),
    "facade_cream": (
        name("真石漆外墙300", "Stone-effect external wall 300"),
        (("render", 10.0), ("wool", 70.0), ("block", 200.0), ("plaster", 20.0)),
    ),
    "facade_stone": (
        name("石材外墙300", "Stone external wall 300"),
        (("stone", 30.0), ("wool", 50.0), ("block", 200.0), ("plaster", 20.0)),
    ),
    "partition_200": (
        name("砌块内墙200", "Block partition 200"),
        (("plaster", 15.0), ("block", 170.0), ("plaster", 15.0)),
    ),
    "core_200": (name("混凝土墙200", "Concrete wall 200"), (("concrete", 200.0),)),
    "basement_350": (
        name("地下室外墙350", "Basement wall 350"),
        (("membrane", 5.0), ("waterproof_concrete", 345.0)),
    ),
    "floor_150": (name("楼板150", "Floor slab 150"), (("concrete", 150.0),)),
    "roof_150": (name("屋面板150", "Roof slab 150"), (("concrete", 150.0),)),
    "parapet_200": (name("女儿墙200", "Parapet 200"), (("render", 15.0), ("concrete", 185.0))),
    "roof_finish": (
        name("屋面构造120", "Roof build-up 120"),
        (("membrane", 5.0), ("screed", 35.0), ("wool", 80.0)),
    ),
}
"""Layer sets by key: name, then (material, thickness in mm) from outside to inside."""
