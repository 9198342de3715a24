"""How the members of IfcMaterialSelect lead to their materials."""

MATERIAL_PARTS: dict[str, int] = {
    "IfcMaterialList": 0,
    "IfcMaterialLayerSetUsage": 0,
    "IfcMaterialLayerSet": 0,
    "IfcMaterialLayer": 0,
    "IfcMaterialLayerWithOffsets": 0,
    "IfcMaterialProfileSetUsage": 0,
    "IfcMaterialProfileSetUsageTapering": 0,
    "IfcMaterialProfileSet": 2,
    "IfcMaterialProfile": 2,
    "IfcMaterialProfileWithOffsets": 2,
    "IfcMaterialConstituentSet": 2,
    "IfcMaterialConstituent": 2,
}
"""Where each member of IfcMaterialSelect keeps its materials or the next step towards them; same in all schemas."""
