"""The Python client of a semalign server, blocking (`Client`) and for asyncio (`AsyncClient`).

```python
from service.client import Client, Frame

with Client("http://127.0.0.1:8000") as client:
    job = client.calibrate(Frame("image.png", "cloud.bin"), {"camera": {"K": K}, "initial": {"T_cam_lidar": T}})
    print(job.result.verdict, job.result.T_cam_lidar)
```
"""

from service.client.asynchronous import AsyncClient
from service.client.downloads import ExportedFile
from service.client.ends import Calibration, Evaluation
from service.client.errors import (
    InvalidJobIdError,
    JobFailedError,
    NotFoundError,
    NotReadyError,
    ProblemError,
    RateLimitedError,
    RefusedError,
    SemalignError,
    UnauthorizedError,
    UnavailableError,
    UnreachableError,
    WaitTimeoutError,
)
from service.client.sync import Client
from service.client.upload import Frame
from service.evaluation_schemas import EvaluationResult
from service.schemas import CalibrationResult, JobAccepted, JobProgress, JobStatus, JobSummary

__all__ = [
    "AsyncClient",
    "Calibration",
    "CalibrationResult",
    "Client",
    "Evaluation",
    "EvaluationResult",
    "ExportedFile",
    "Frame",
    "InvalidJobIdError",
    "JobAccepted",
    "JobFailedError",
    "JobProgress",
    "JobStatus",
    "JobSummary",
    "NotFoundError",
    "NotReadyError",
    "ProblemError",
    "RateLimitedError",
    "RefusedError",
    "SemalignError",
    "UnauthorizedError",
    "UnavailableError",
    "UnreachableError",
    "WaitTimeoutError",
]
