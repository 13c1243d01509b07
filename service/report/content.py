"""What a report tells, wherever the job ran."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class ReportedFile:
    """A file that the job was given.

    Attributes:
        part: What it was, such as `image`.
        name: Its name; whoever sent it chose that.
        size: Bytes; None where that is not known any more.
    """

    part: str
    name: str
    size: int | None = None


@dataclass(frozen=True)
class ReportContent:
    """Everything that a report is made of.

    Attributes:
        result: The `result` object of the job.
        overlays: PNG files of the first frame: `initial` and, where there is an estimate, `final`.
        request: The JSON that came with the frames; None where it is deleted.
        files: What the job was given, in the order of its frames.
        history: The objective after each step of the refinement.
        colours: RGB, 0 to 255, of each class in the overlays.
        job_id: Id of the job; empty where no server was involved.
        rig: Watched rig that an evaluation was for; empty for none.
        times: Moments of the job by what happened then.
    """

    result: Mapping[str, Any]
    overlays: Mapping[str, bytes] = field(default_factory=dict)
    request: Mapping[str, Any] | None = None
    files: Sequence[ReportedFile] = ()
    history: Sequence[float] = ()
    colours: Mapping[str, Sequence[int]] = field(default_factory=dict)
    job_id: str = ""
    rig: str = ""
    times: Mapping[str, datetime] = field(default_factory=dict)
