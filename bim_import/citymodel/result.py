"""Reports of city models put together."""

from pathlib import Path

from bim_import.citymodel.collector import Collector
from bim_import.placement.diagnosis import decide
from bim_import.placement.evidence import Evidence
from bim_import.values import ImportOptions, ImportResult
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


def empty_result(source: Path, folder: Path, schema: str, options: ImportOptions) -> ImportResult:
    """The result of a sound file in which there is nothing."""
    with Collector(folder, str(source)) as collector:
        report, _ = collector.finish(schema)
    report.warnings.append("There is no object in this file.")
    return result_of(report, decide(Evidence(), overrides=options.placement, bounds=None))
