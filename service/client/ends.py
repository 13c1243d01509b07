"""Jobs that came to a good end, with the kind of result that was asked for."""

from typing import Self

from service.client.errors import JobFailedError
from service.evaluation_schemas import EvaluationResult
from service.schemas import CalibrationResult, JobStatus
from worker.jobs.record import JobState


class _Succeeded(JobStatus):
    @classmethod
    def of(cls, status: JobStatus) -> Self:
        """Take a job that has ended.

        Raises:
            JobFailedError: It has not succeeded.
        """
        if status.state is not JobState.SUCCEEDED:
            raise JobFailedError(status)
        return cls.model_validate(status.model_dump())


class Calibration(_Succeeded):
    """A calibration that has succeeded; mind `result.verdict`."""

    result: CalibrationResult


class Evaluation(_Succeeded):
    """An evaluation that has succeeded."""

    result: EvaluationResult
