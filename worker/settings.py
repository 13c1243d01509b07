"""Every setting of the service and its workers: environment variables that start with `SEMALIGN_`."""

import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from worker.inputs.limits import InputLimits


def _default_data_dir() -> Path:
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "semalign"


class Settings(BaseSettings):
    """What an operator may choose; each field is read from the environment variable `SEMALIGN_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="SEMALIGN_", env_ignore_empty=True, frozen=True)

    data_dir: Path = Field(
        default_factory=_default_data_dir,
        description="Folder for everything kept on this machine: blobs, and the embedded broker's append-only file.",
    )
    broker_url: str = Field(
        default="",
        repr=False,  # it may hold a password
        description="Redis or Valkey that holds queue and job records: `redis://`, `rediss://` or `unix:///path`. "
        "Empty: the embedded broker that `semalign up` starts on a private socket.",
    )
    storage_url: str = Field(
        default="",
        description="Where inputs, overlays and results are kept: an object store such as `s3://bucket/prefix`, or "
        "`file:///folder`. Empty: the folder `blobs` in the data folder.",
    )
    storage_timeout_s: float = Field(
        default=60.0,
        gt=0,
        description="Seconds that one request may take that moves a file to or from an object store.",
    )
    storage_answer_s: float = Field(
        default=0.8,
        gt=0,
        description="Seconds to reach an object store, and to wait for its answer to a request that moves little.",
    )
    max_upload_bytes: int = Field(
        default=512 * 2**20,
        gt=0,
        description="Largest body of one request, in bytes; a larger one is refused with 413.",
    )
    max_frames: int = Field(default=50, gt=0, description="Most frames in one job.")
    max_image_pixels: int = Field(default=50_000_000, gt=0, description="Largest image, in pixels.")
    max_points: int = Field(default=2_000_000, gt=0, description="Largest point cloud, in points of its file.")
    keys_file: Path | None = Field(
        default=None,
        description="File of the API keys, hashed, as `semalign keys` writes it; without one, nobody is asked.",
    )
    allow_anonymous: bool = Field(
        default=False, description="Answer other machines without asking for keys: where a network or proxy guards it."
    )
    open_jobs_per_key: int = Field(
        default=1000, gt=0, description="Unfinished jobs that one key may have, unless the key says otherwise."
    )
    rate_per_key: str = Field(
        default="600/minute",
        pattern=r"^[1-9]\d*( ?/ ?| per )([1-9]\d* ?)?(second|minute|hour|day|month|year)s?$",
        description="Jobs that one key may post in a time, such as `10/second` or `5000/day`, unless the key says "
        "otherwise.",
    )
    max_queued_jobs: int = Field(
        default=10_000, gt=0, description="Most jobs that wait in one queue; further ones are refused with 503."
    )
    interactive_in_a_row: int = Field(
        default=4,
        gt=0,
        description="Jobs that a worker takes from `interactive` in a row while `batch` has some too; then it is the "
        "turn of one of those.",
    )
    idempotency_ttl_s: int = Field(
        default=86_400, gt=0, description="Seconds over which a repeated `Idempotency-Key` leads to the same job."
    )
    checks_at_once: int = Field(
        default=2,
        gt=0,
        description="Uploads that one API process reads at a time, and one with files over 8 MiB besides.",
    )
    header_timeout_s: float = Field(
        default=10.0, gt=0, description="Seconds in which the headers of a request must have come."
    )
    body_grace_s: float = Field(default=30.0, gt=0, description="Seconds that a body may fall behind its slowest rate.")
    min_body_bytes_per_s: int = Field(
        default=16 * 2**10, gt=0, description="Slowest rate at which a body may come, once the grace is used up."
    )
    max_wait_s: int = Field(default=60, ge=0, description="Longest wait that `Prefer: wait=N` is granted, in seconds.")
    max_streams: int = Field(
        default=200, gt=0, description="Event streams and waiting requests that one API process holds open."
    )
    max_stream_s: float = Field(
        default=900.0,
        gt=0,
        description="Seconds after which an event stream ends and its client comes again by itself.",
    )
    heartbeat_s: float = Field(default=15.0, gt=0, description="Longest silence of an event stream, in seconds.")
    soft_time_limit_s: float = Field(
        default=900.0, gt=0, description="Seconds after which a running job is told to stop and ends as failed."
    )
    hard_time_limit_s: float = Field(
        default=960.0, gt=0, description="Seconds after which the process of a running job is killed."
    )
    visibility_timeout_s: float = Field(
        default=1080.0,
        gt=0,
        description="Seconds after which the queue sends the message of an unfinished job again. Must exceed the hard "
        "time limit; a job whose worker vanished does not wait for it, see `lease_s`.",
    )
    lease_s: float = Field(
        default=30.0,
        gt=0,
        description="Seconds without a sign of life after which an attempt counts as dead and its job waits again.",
    )
    reconcile_interval_s: float = Field(
        default=10.0, gt=0, description="Seconds between two looks for jobs that were lost and blobs that expired."
    )
    keep_inputs_s: float = Field(
        default=24 * 3600, gt=0, description="Seconds after the end of a job at which what the caller sent is deleted."
    )
    keep_results_s: float = Field(
        default=7 * 24 * 3600, gt=0, description="Seconds after the end of a job at which all that is left is deleted."
    )
    keep_rigs_s: float = Field(
        default=365 * 24 * 3600, gt=0, description="Seconds after its latest frame at which a watched rig is forgotten."
    )
    rig_history: int = Field(
        default=1000, gt=0, description="Frames that the history of a watched rig keeps, and likewise its events."
    )
    max_deliveries: int = Field(
        default=3, gt=0, description="How often a job may be handed to a worker before it ends as failed (`poison`)."
    )
    cancel_grace_s: float = Field(
        default=5.0, ge=0, description="Seconds a cancelled job has to stop by itself before its process is killed."
    )
    shutdown_grace_s: float = Field(
        default=5.0, ge=0, description="Seconds a stopping worker gives its running job before handing it back."
    )
    broker_timeout_s: float = Field(
        default=0.8, gt=0, description="Seconds the API waits for one answer of the broker before it says 503."
    )
    broker_patience_s: float = Field(
        default=120.0, ge=0, description="Seconds a worker with a finished job waits for a broker that went away."
    )
    retry_after_s: int = Field(
        default=1, gt=0, description="Seconds a client is asked to wait between two looks at its job (`Retry-After`)."
    )
    device: str = Field(default="cpu", description="Where a worker computes: `cpu`, `cuda` or `cuda:N`.")
    threads: int = Field(
        default=0, ge=0, description="CPU threads of each worker process. 0: the cores shared by the processes."
    )
    metrics_port: int = Field(
        default=0, ge=0, le=65535, description="Port on which a worker serves its metrics. 0: it serves none."
    )
    metrics_host: str = Field(default="127.0.0.1", description="Address on which a worker serves its metrics.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe messages that are logged."
    )
    log_format: Literal["console", "json"] = Field(
        default="console", description="`console` for people, `json` for one object a line."
    )
    pipeline: str = Field(
        default="worker.pipeline",
        description="Module that computes a job. For tests, which put a small stand-in here; leave it alone otherwise.",
    )

    @field_validator("storage_url")
    @classmethod
    def _storage_is_of_a_known_kind(cls, url: str) -> str:
        if url and not re.match(r"file:///|s3://[^/@:]+(/|$)", url):
            raise ValueError("SEMALIGN_STORAGE_URL must be s3://bucket/prefix or file:///folder")
        return url

    @model_validator(mode="after")
    def _time_limits_nest(self) -> Self:
        if not self.soft_time_limit_s <= self.hard_time_limit_s < self.visibility_timeout_s:
            raise ValueError(
                "time limits must nest: SEMALIGN_SOFT_TIME_LIMIT_S <= SEMALIGN_HARD_TIME_LIMIT_S "
                "< SEMALIGN_VISIBILITY_TIMEOUT_S"
            )
        return self

    @property
    def input_limits(self) -> InputLimits:
        """The bounds that the readers of images and clouds check."""
        return InputLimits(
            max_image_pixels=self.max_image_pixels, max_points=self.max_points, max_bytes=self.max_upload_bytes
        )

    @property
    def embedded_socket(self) -> Path:
        """Unix socket of the embedded broker: private to the user, and short, for the kernel allows 107 bytes."""
        base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
        digest = hashlib.sha256(str(self.data_dir.absolute()).encode()).hexdigest()[:12]
        return Path(base) / f"semalign-{os.getuid()}-{digest}" / "broker.sock"

    @property
    def resolved_broker_url(self) -> str:
        """The broker as redis-py writes it: the one that was set, else the embedded one."""
        return self.broker_url or f"unix://{self.embedded_socket}"
