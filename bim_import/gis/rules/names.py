"""Well-known names of columns and layers, in the languages that plain files have: what a file means that has no rules."""

import re

HEIGHT = (
    "height", "building:height", "building_height", "bldg_height", "buildingheight", "measuredheight", "measured_height",
    "render_height", "hgt", "height_m", "hoehe", "höhe", "hauteur", "altura", "高度", "建筑高度", "房屋高度", "楼高", "高",
)  # fmt: skip
FLOORS = (
    "building:levels", "building_levels", "floors", "floor", "levels", "storeys", "stories", "storey", "num_floors",
    "numfloors", "nfloors", "floor_count", "storeys_above_ground", "storeysaboveground", "gro_flo_co", "etages",
    "楼层", "层数", "楼层数", "地上层数", "房屋层数", "建筑层数", "总层数",
)  # fmt: skip
MIN_HEIGHT = ("min_height", "building:min_height", "render_min_height", "minheight")
MIN_FLOORS = ("building:min_level", "building:min_levels", "min_level", "min_floor")
STOREY_HEIGHT = ("storey_height", "floor_height", "层高")
BASE = (
    "base_elevation", "ground_elevation", "ground_height", "base_height", "terrain_height", "z_ground", "ground_z",
    "地面高程", "基底高程", "底部高程",
)  # fmt: skip
NAME = (
    "name",
    "name:zh",
    "title",
    "label",
    "名称",
    "楼名",
    "建筑名称",
    "道路名称",
    "管线名称",
    "common_name",
    "名字",
    "addr:housename",
)

ROOF_SHAPE = ("roof:shape", "roof_shape", "building:roof:shape")
ROOF_HEIGHT = ("roof:height", "roof_height")
ROOF_LEVELS = ("roof:levels", "roof_levels")
ROOF_ANGLE = ("roof:angle", "roof_angle")
ROOF_DIRECTION = ("roof:direction", "roof_direction")
ROOF_ORIENTATION = ("roof:orientation", "roof_orientation")
COLOUR = ("building:colour", "building:color", "building_colour", "colour", "color", "颜色")
ROOF_COLOUR = ("roof:colour", "roof:color", "roof_colour")

WIDTH = ("width", "road_width", "width_m", "breite", "宽度", "路宽", "道路宽度", "红线宽度")
LANES = ("lanes", "num_lanes", "车道数", "车道")

DIAMETER = (
    "diameter", "pipe_diameter", "nominal_diameter", "diam", "dia", "dn", "diameter_mm", "管径", "管径mm", "管径(mm)",
    "口径", "直径", "断面尺寸",
)  # fmt: skip
DEPTH = (
    "depth",
    "burial_depth",
    "cover_depth",
    "cover",
    "埋深",
    "管顶埋深",
    "管底埋深",
    "埋设深度",
    "深度",
    "平均埋深",
)
START_DEPTH = ("start_depth", "upstream_depth", "us_depth", "起点埋深", "起始埋深")
END_DEPTH = ("end_depth", "downstream_depth", "ds_depth", "终点埋深", "终止埋深")
ELEVATION = (
    "start_elevation",
    "us_invert",
    "upstream_invert",
    "start_invert",
    "起点高程",
    "起点管底高程",
    "起点管顶高程",
    "invert",
    "elevation",
)
END_ELEVATION = (
    "end_elevation",
    "ds_invert",
    "downstream_invert",
    "end_invert",
    "终点高程",
    "终点管底高程",
    "终点管顶高程",
)
TOP = re.compile(r"管顶|cover|top", re.IGNORECASE)
INVERT = re.compile(r"管底|invert|bottom", re.IGNORECASE)
"""What the names of columns say that a depth or an elevation is told to; else it is the axis."""

HEADING = ("heading", "direction", "azimuth", "bearing", "rotation", "yaw", "朝向", "方位角", "方向")
SCALE = ("scale", "比例")
SIZE = ("height", "tree_height", "lamp_height", "树高", "杆高", "灯杆高度", "高度")

KIND = ("kind", "type", "class", "fclass", "category", "building", "类型", "类别", "用途")

BUILDING_LAYER = re.compile(
    r"building|footprint|bldg|house|gebaeude|gebäude|batiment|bâtiment|edific|建筑|楼|房屋", re.IGNORECASE
)
PIPE_LAYER = re.compile(
    r"pipe|duct|sewer|drain|water[_ -]?(main|line|net|supply)|gas[_ -]?(main|line|net|pipe)|cable|conduit|heating|"
    r"管|电缆|线缆|光缆|排水|给水|雨水|污水|燃气|供热",
    re.IGNORECASE,
)
CABLE_LAYER = re.compile(r"cable|power|electric|telecom|fib(re|er)|电缆|线缆|光缆|电力|通信", re.IGNORECASE)
ROAD_LAYER = re.compile(r"road|street|highway|strasse|straße|道路|公路|街", re.IGNORECASE)
RAIL_LAYER = re.compile(r"rail|tram|metro|subway|铁路|轨道|地铁", re.IGNORECASE)
WATER_LAYER = re.compile(r"water|lake|river|pond|canal|水系|水体|湖|河", re.IGNORECASE)
GREEN_LAYER = re.compile(r"green|park|grass|forest|wood|garden|vegetation|绿|公园|林|草", re.IGNORECASE)
TREE_LAYER = re.compile(r"tree|botanic|species|树|乔木", re.IGNORECASE)
LAMP_LAYER = re.compile(r"lamp|light|luminaire|灯", re.IGNORECASE)
MANHOLE_LAYER = re.compile(r"manhole|inspection|chamber|gully|检查井|窨井|井", re.IGNORECASE)
SENSOR_LAYER = re.compile(r"sensor|meter|station|monitor|传感|监测|表", re.IGNORECASE)
