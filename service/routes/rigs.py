"""`/rigs`: rigs that are watched for drift, frame by frame."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from service.access.caller import CallerOfRequest
from service.backend import BackendOfApp
from service.problems import BrokerDown, InvalidParameter, LoopbackOnly, Unauthorized, describe
from service.problems.addresses import UnknownRig
from service.rig_schemas import RigEvents, RigList, RigStatus, events_object, rig_object, summary_object
from service.routes.taking import TAKES_A_JOB, JobPostOfRequest, take
from service.submission import Task
from worker.jobs.record import JobKind
from worker.rigs.rig import Rig

router = APIRouter(prefix="/rigs", tags=["drift watch"])

_RIG_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_REFUSALS = (Unauthorized, LoopbackOnly, UnknownRig, InvalidParameter, BrokerDown)

RigId = Annotated[
    str,
    Path(
        description="The caller's own name for the rig, such as `van-12.front`.",
        min_length=1,
        max_length=64,
        pattern=f"^{_RIG_ID.pattern}$",
    ),
]


def _own_rig(rig_id: RigId, caller: CallerOfRequest, backend: BackendOfApp) -> Rig:
    rig = backend.rigs.get(caller.owner, rig_id)
    if rig is None:
        raise UnknownRig
    return rig


OwnRig = Annotated[Rig, Depends(_own_rig)]
Count = Annotated[int, Query(ge=1, le=1000, description="Most entries, the newest first.")]


@router.post("/{rig_id}/frames", **TAKES_A_JOB)
async def add_rig_frames(rig_id: RigId, post: JobPostOfRequest) -> Response:
    """Queue an evaluation whose outcome updates the rig. The first one makes the rig.

    `initial` is the rig's reference; another one than before means that the rig was calibrated anew.
    """
    return await take(post, Task(JobKind.EVALUATE, rig_id))


@router.get("", response_model=RigList, responses=describe(Unauthorized, LoopbackOnly, BrokerDown))
def list_rigs(caller: CallerOfRequest, backend: BackendOfApp) -> dict[str, object]:
    """List the caller's rigs with their status, the one that changed last first."""
    return {"rigs": [summary_object(rig_id, rig) for rig_id, rig in backend.rigs.all(caller.owner).items()]}


@router.get("/{rig_id}", response_model=RigStatus, responses=describe(*_REFUSALS))
def rig_status(
    rig_id: RigId, rig: OwnRig, caller: CallerOfRequest, backend: BackendOfApp, count: Count = 100
) -> dict[str, object]:
    """Say how a rig stands, with its history for a plot."""
    return rig_object(rig_id, rig, backend.rigs.history(caller.owner, rig_id, count))


@router.get("/{rig_id}/events", response_model=RigEvents, responses=describe(*_REFUSALS))
def rig_events(
    rig_id: RigId, rig: OwnRig, caller: CallerOfRequest, backend: BackendOfApp, count: Count = 100
) -> dict[str, object]:
    """List what happened to a rig: drift, recovery, a new reference."""
    return events_object(backend.rigs.events(caller.owner, rig_id, count))


@router.delete(
    "/{rig_id}",
    status_code=204,
    responses={204: {"description": "The rig is forgotten; its jobs are not."}, **describe(*_REFUSALS)},
)
def delete_rig(rig_id: RigId, caller: CallerOfRequest, backend: BackendOfApp) -> Response:
    """Forget a rig with its history and events."""
    if not backend.rigs.delete(caller.owner, rig_id):
        raise UnknownRig
    return Response(status_code=204)
