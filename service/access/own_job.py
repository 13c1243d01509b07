"""The job that an address names, for its owner only."""

import re
from typing import Annotated

from fastapi import Depends, Path

from service.access.caller import CallerOfRequest
from service.backend import BackendOfApp
from service.problems import UnknownJob
from worker.jobs.record import JobRecord

_JOB_ID = re.compile(r"[0-9a-f]{32}")
JobId = Annotated[
    str, Path(description="32 hexadecimal digits.", json_schema_extra={"pattern": f"^{_JOB_ID.pattern}$"})
]


async def _own_job(job_id: JobId, caller: CallerOfRequest, backend: BackendOfApp) -> JobRecord:
    """Return the record of a job of the caller's.

    Raises:
        UnknownJob: There is none; somebody else's job looks the same as none.
    """
    # What no server made must not become part of a key.
    record = await backend.records.ask(job_id) if _JOB_ID.fullmatch(job_id) else None
    if record is None or record.owner != caller.owner:
        raise UnknownJob
    return record


OwnJob = Annotated[JobRecord, Depends(_own_job)]
