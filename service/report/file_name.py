"""What a report is called as a file."""

from typing import Final

from worker.jobs.record import JobKind

_WORDS: Final = {JobKind.CALIBRATE: "calibration", JobKind.EVALUATE: "evaluation"}


def report_file_name(kind: JobKind, job_id: str) -> str:
    """Return a name that tells what was reported, and of which job."""
    return f"{_WORDS[kind]}-report-{job_id}.html"
