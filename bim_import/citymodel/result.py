"""Reports of city models put together."""

from pathlib import Path

from bim_import.citymodel.collector import Collector
from bim_import.placement.diagnosis import decide
from bim_import.placement.evidence import Evidence
from bim_import.placement.outcome import result_of
from bim_import.values import ImportOptions, ImportResult


def empty_result(source: Path, folder: Path, schema: str, options: ImportOptions) -> ImportResult:
    """The result of a sound file in which there is nothing."""
    with Collector(folder, str(source)) as collector:
        report, _ = collector.finish(schema)
    report.warnings.append("There is no object in this file.")
    return result_of(report, decide(Evidence(), overrides=options.placement, bounds=None))
