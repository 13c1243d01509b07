"""One attempt at a job: from the id that was delivered to the end of the job."""

import json
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any, Self

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from redis.exceptions import RedisError

from models import ModelError
from worker.errors import Cancelled
from worker.inputs import InputError, read_image, read_label_image, read_point_cloud, read_point_labels
from worker.inputs.request import parse_request
from worker.jobs.failures import TIME_LIMIT
from worker.jobs.lease import LeaseKeeper, kill_this_process
from worker.jobs.progress import ProgressWriter
from worker.jobs.record import FrameKeys, JobError, JobInputs, JobKind, JobRecord, JobState
from worker.jobs.release import let_go
from worker.jobs.store import JobStore, connect
from worker.jobs.transitions import Verdict
from worker.metrics import JobMetrics
from worker.rigs.rig import Sighting
from worker.rigs.store import RigStore
from worker.settings import Settings
from worker.storage import (
    RESULT,
    BlobMissing,
    BlobStore,
    StorageUnavailable,
    artifact_key,
    open_storage,
    overlay_name,
)

_BROKER_TIMEOUT_S = 5.0
_STORAGE_PATIENCE_S = 20.0
INPUTS_MISSING = JobError("inputs-missing", "The stored inputs of the job are gone. Send them again.")
INTERNAL = JobError("internal-error", "The job failed for a reason on our side, which was logged under its id.")


@dataclass(frozen=True)
class Workbench:
    """What every attempt in one process uses: opened once, models loaded once."""

    settings: Settings
    jobs: JobStore
    impatient_jobs: JobStore
    blobs: BlobStore
    pipeline: ModuleType
    models: Any
    metrics: JobMetrics
    rigs: RigStore

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Connect to broker and storage, and import the pipeline, which loads torch."""
        pipeline = import_module(settings.pipeline)
        url = settings.resolved_broker_url
        # What ends a job waits for a broker that restarts; a report of progress or a sign of life does not.
        patient = connect(url, timeout_s=_BROKER_TIMEOUT_S, patience_s=settings.broker_patience_s)
        return cls(
            settings=settings,
            jobs=JobStore(patient),
            impatient_jobs=JobStore(connect(url, timeout_s=_BROKER_TIMEOUT_S)),
            blobs=open_storage(settings, patience_s=_STORAGE_PATIENCE_S),
            pipeline=pipeline,
            models=pipeline.ModelCache(device=settings.device),
            metrics=JobMetrics(),
            rigs=RigStore(patient, keep_s=settings.keep_rigs_s, most_entries=settings.rig_history),
        )


def run_attempt(bench: Workbench, job_id: str, worker: str) -> None:
    """Take the job, compute it, store what came out, and end it; nothing is written once the job is another's.

    Args:
        bench: What this process works with.
        job_id: The job that was delivered.
        worker: Name of this worker, as the supervisor of its processes knows it.

    Raises:
        RedisError, StorageUnavailable: Broker or storage is away; the job waits, to be delivered again.
    """
    log = structlog.get_logger(__name__)
    settings = bench.settings
    attempt = bench.jobs.begin(job_id, worker, settings.lease_s)
    structlog.contextvars.bind_contextvars(request_id=attempt.request_id)
    log.info("job delivered", verdict=attempt.verdict.value, token=attempt.token)
    if attempt.verdict is not Verdict.OK:
        return
    try:
        with LeaseKeeper(
            bench.impatient_jobs, job_id, attempt.token, lease_s=settings.lease_s, grace_s=settings.cancel_grace_s
        ):
            verdict = _end(bench, job_id, attempt.token)
            log.info("job ended", verdict=verdict.value)
        # Past the lease: who cleans up behind a lost attempt is not to be killed for it.
        _clean_up(bench, job_id, attempt.token, verdict)
    except SoftTimeLimitExceeded:
        # It broke into the last steps. It comes once, and each of them can be repeated: an end that is written stands.
        verdict = bench.jobs.finish(job_id, attempt.token, JobState.FAILED, artifacts=False, error=TIME_LIMIT)
        _clean_up(bench, job_id, attempt.token, verdict)


def _clean_up(bench: Workbench, job_id: str, token: int, verdict: Verdict) -> None:
    record = let_go(bench.jobs, bench.blobs, job_id, token)
    if verdict is Verdict.OK:
        bench.metrics.ended(record)


def _end(bench: Workbench, job_id: str, token: int) -> Verdict:
    """Compute the job and write its end; answer whether it was this attempt's to end."""
    try:
        return _compute(bench, job_id, token)
    except Cancelled as reason:
        return Verdict(str(reason))
    except (RedisError, StorageUnavailable):
        bench.jobs.hand_back(job_id, token)
        raise
    except MemoryError:
        # What is left of this process is not fit for another job; a fresh one tries again, as often as any delivery.
        structlog.get_logger(__name__).exception("memory exhausted")
        kill_this_process()
        raise
    except Exception as error:
        failure = _failure_of(error)
        structlog.get_logger(__name__).warning("job failed", error_type=failure.type, exc_info=failure is INTERNAL)
        return bench.jobs.finish(job_id, token, JobState.FAILED, artifacts=False, error=failure)


def _compute(bench: Workbench, job_id: str, token: int) -> Verdict:
    record = bench.jobs.get(job_id)
    if record is None:
        return Verdict.GONE
    bench.metrics.started(record)
    inputs = _load(bench, record.inputs)
    # Only a worker that computes in earnest is asked to evaluate: it has loaded all that this needs.
    compute = import_module("worker.evaluation") if record.kind is JobKind.EVALUATE else bench.pipeline
    output = compute.run(inputs, bench.models, ProgressWriter(bench.impatient_jobs, job_id, token))
    bench.metrics.computed(output.result)
    for stage, png in output.overlays.items():
        bench.blobs.put(artifact_key(job_id, token, overlay_name(stage)), png)
    for name, content in output.view.items():
        bench.blobs.put(artifact_key(job_id, token, name), content)
    bench.blobs.put(artifact_key(job_id, token, RESULT), json.dumps(output.result, allow_nan=False).encode())
    if record.inputs.rig:
        _tell_rig(bench, record, output.result)
    judged = str(output.result.get("verdict") or "")
    if output.estimated:
        return bench.jobs.finish(job_id, token, JobState.SUCCEEDED, artifacts=True, verdict=judged)
    error = JobError(str(output.result["outcome"]).replace("_", "-"), str(output.result["message"]))
    return bench.jobs.finish(job_id, token, JobState.FAILED, artifacts=True, error=error, verdict=judged)


def _tell_rig(bench: Workbench, record: JobRecord, result: dict[str, Any]) -> None:
    """Let the rig know what its frames say: before the job ends, so that none is lost; a rig hears each job once."""
    departure = result["departure"] or {"xi": [], "covariance": []}
    sighting = Sighting(
        job_id=record.id,
        at=record.created_at,
        reference=result["T_cam_lidar"],
        verdict=result["verdict"],
        xi=departure["xi"],
        covariance=departure["covariance"],
    )
    bench.rigs.see(record.owner, record.inputs.rig, sighting)


def _load(bench: Workbench, inputs: JobInputs) -> Any:
    frames = [_load_frame(bench, keys, f"frame {index}") for index, keys in enumerate(inputs.frames)]
    return bench.pipeline.PipelineInputs(request=parse_request(bench.blobs.get(inputs.request)), frames=frames)


def _load_frame(bench: Workbench, keys: FrameKeys, name: str) -> Any:
    limits = bench.settings.input_limits
    cloud = read_point_cloud(bench.blobs.get(keys.point_cloud), keys.point_cloud, limits)
    image_labels = read_label_image(bench.blobs.get(keys.image_labels), limits) if keys.image_labels else None
    point_labels = None
    if keys.point_labels:
        point_labels = cloud.of_kept_points(
            read_point_labels(bench.blobs.get(keys.point_labels), keys.point_labels, limits)
        )
    return bench.pipeline.InputFrame(
        image=read_image(bench.blobs.get(keys.image), limits),
        cloud=cloud,
        image_labels=image_labels,
        point_labels=point_labels,
        name=name,
    )


def _failure_of(error: Exception) -> JobError:
    """Say to the caller why the job failed; what they cannot change is a generic sentence."""
    if isinstance(error, InputError):
        return JobError(error.code, error.message)
    if isinstance(error, ModelError):
        return JobError("model-not-available", str(error))
    if isinstance(error, BlobMissing):
        return INPUTS_MISSING
    if isinstance(error, SoftTimeLimitExceeded):
        return TIME_LIMIT
    return INTERNAL
