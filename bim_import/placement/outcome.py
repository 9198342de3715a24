"""What a reader of layers and city models answers: its report, with where the source stands."""

from bim_import.values import ImportResult
from twin.frames import Diagnosis
from twin.source import SourceReport


def result_of(report: SourceReport, diagnosis: Diagnosis) -> ImportResult:
    """The report with where the source stands, and what is doubtful about that."""
    used = next((found for found in diagnosis.found if found.used), None)
    crs = used.values.get("crs") if used is not None else None
    report.placement = {
        "used": diagnosis.used,
        "confidence": diagnosis.confidence,
        "crs": crs or diagnosis.placement.crs,
    }
    return ImportResult(report=report, diagnosis=diagnosis)
