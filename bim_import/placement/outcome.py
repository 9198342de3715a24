"""What a reader of layers and city models answers: its report, with where the source stands."""

from bim_import.values import ImportResult
from twin.frames import Diagnosis
from twin.source import SourceReport


def result_of(report: SourceReport, diagnosis: Diagnosis) -> ImportResult:
    """The report with where the source stands."""
    report.placement = placement_of(diagnosis)
    return ImportResult(report=report, diagnosis=diagnosis)


def placement_of(diagnosis: Diagnosis) -> dict[str, str]:
    """`used`, `confidence` and `crs`, as reports have them."""
    used = next((found for found in diagnosis.found if found.used), None)
    crs = used.values.get("crs") if used is not None else None
    return {
        "used": diagnosis.used,
        "confidence": diagnosis.confidence,
        "crs": str(crs or diagnosis.placement.crs),
    }
