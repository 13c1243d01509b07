"""One evaluation from its inputs to its result, its pictures and its rig."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from service.evaluation_schemas import EvaluationResult
from worker.attempt import Workbench, run_attempt
from worker.jobs.record import FrameKeys, JobInputs, JobKind, JobOrigin, JobState
from worker.rigs.rig import RigStatus
from worker.settings import Settings
from worker.storage import RESULT, artifact_key, input_key, overlay_name

OWNER = JobOrigin(owner="ann")


def _png(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def bench(client: Any, broker_settings: Settings, tmp_path: Path) -> Workbench:
    """Return a workbench that computes in earnest, over an empty broker."""
    return Workbench.open(
        Settings(data_dir=tmp_path, broker_url=broker_settings.resolved_broker_url, broker_patience_s=0)
    )


@pytest.fixture
def evaluate(bench: Workbench, street: Any) -> Any:
    """Return what runs an evaluation of the street in this process and answers its result."""
    points, labels = (array[::2] for array in street.sweep)
    files = {
        "image-0": _png(street.image),
        "point_cloud-0.bin": np.column_stack([points, np.ones(len(points))]).astype("<f4").tobytes(),
        "image_labels-0": _png(street.image_labels),
        "point_labels-0.label": labels.astype("<u4").tobytes(),
    }

    def run(job_id: str, given: np.ndarray, rig: str = "", **options: Any) -> dict[str, Any]:
        request = {
            "options": options,
            "camera": {"K": street.camera.K.tolist()},
            "initial": {"T_cam_lidar": given.tolist()},
            "image_label_map": street.image_names,
            "point_label_map": street.point_names,
        }
        for name, content in {**files, "request.json": json.dumps(request).encode()}.items():
            bench.blobs.put(input_key(job_id, name), content)
        frame = FrameKeys(*(input_key(job_id, name) for name in files))
        inputs = JobInputs(input_key(job_id, "request.json"), (frame,), JobKind.EVALUATE, rig)
        bench.jobs.create(job_id, inputs, OWNER)
        run_attempt(bench, job_id, "worker-1")
        record = bench.jobs.get(job_id)
        assert record is not None
        assert record.state is JobState.SUCCEEDED, record.error
        result: dict[str, Any] = json.loads(bench.blobs.get(artifact_key(job_id, 1, RESULT)))
        return result

    return run


def test_an_evaluation_is_answered_with_its_verdict(evaluate: Any, bench: Workbench, street: Any) -> None:
    """A camera that turned has drifted; losses, estimate and pictures are there, and the given extrinsic is kept."""
    given = street.disturbed((0, 1.5, 0))
    result = evaluate("a", given)
    assert (result["kind"], result["verdict"]) == ("evaluation", "drifted"), result["reasons"]
    np.testing.assert_allclose(result["T_cam_lidar"], given, atol=1e-12)
    loss = result["alignment_loss"]
    assert loss["estimate"]["total_px2"] < loss["given"]["total_px2"]
    assert result["departure"]["along"]["yaw"] == pytest.approx(-1.5, abs=0.4)
    assert result["departure"]["statistic"] > result["departure"]["threshold"]
    for stage in ("initial", "final"):
        assert bench.blobs.get(artifact_key("a", 1, overlay_name(stage))).startswith(b"\x89PNG")


def test_a_rig_hears_of_its_frames(evaluate: Any, bench: Workbench, street: Any) -> None:
    """Its estimate and its history are those of the result."""
    given = street.disturbed((0, 1.5, 0))
    bench.rigs.open("ann", "van", given.tolist())
    result = evaluate("a", given, "van")
    rig = bench.rigs.get("ann", "van")
    assert rig is not None
    assert rig.estimate.along["yaw"] == pytest.approx(result["departure"]["along"]["yaw"], abs=0.2)
    (entry,) = bench.rigs.history("ann", "van", 10)
    assert (entry["job_id"], entry["verdict"]) == ("a", "drifted")


def test_an_extrinsic_that_looks_away_cannot_be_told(evaluate: Any, bench: Workbench, street: Any) -> None:
    """The job has succeeded all the same, with the picture of what was given, and its rig learns nothing from it."""
    given = street.disturbed((180, 0, 0), (0, 0, -500))
    bench.rigs.open("ann", "van", given.tolist())
    result = evaluate("a", given, "van")
    assert (result["verdict"], result["departure"]) == ("cannot_tell", None)
    rig = bench.rigs.get("ann", "van")
    assert rig is not None
    assert rig.estimate.frames == 0


def test_a_tracked_frame_is_answered_likewise(evaluate: Any, bench: Workbench, street: Any) -> None:
    """With nulls for what only a look around tells, and with its pictures."""
    result = evaluate("a", street.disturbed((0, 0.8, 0)), tracking=True)
    told = EvaluationResult.model_validate(result)
    assert (told.verdict, told.tracking) == ("drifted", True), told.reasons
    assert (told.z_score, told.share_beaten, told.confidence) == (None, None, None)
    assert told.departure is not None
    assert told.departure.along["yaw"] == pytest.approx(-0.8, abs=0.3)
    for stage in ("initial", "final"):
        assert bench.blobs.get(artifact_key("a", 1, overlay_name(stage))).startswith(b"\x89PNG")


def test_a_rig_is_watched_with_tracked_frames(evaluate: Any, bench: Workbench, street: Any) -> None:
    """They weigh what they are worth: less than evaluated ones, and several tell more than one."""
    given = street.disturbed((0, 0.8, 0))
    for rig, tracking in (("tracked", True), ("evaluated", False)):
        bench.rigs.open("ann", rig, given.tolist())
        evaluate(f"{rig}-0", given, rig, tracking=tracking)
    first, evaluated = (bench.rigs.get("ann", rig) for rig in ("tracked", "evaluated"))
    for index in range(1, 4):
        evaluate(f"tracked-{index}", given, "tracked", tracking=True)
    last = bench.rigs.get("ann", "tracked")
    assert first is not None
    assert evaluated is not None
    assert last is not None
    assert first.estimate.sigma["yaw"] > evaluated.estimate.sigma["yaw"]
    assert last.estimate.sigma["yaw"] < first.estimate.sigma["yaw"]
    assert (last.estimate.frames, last.status) == (4, RigStatus.RED)
    assert last.estimate.along["yaw"] == pytest.approx(-0.8, abs=0.3)


def test_a_rig_learns_nothing_from_a_lost_track(evaluate: Any, bench: Workbench, street: Any) -> None:
    """Its history says that the frame could not tell."""
    given = street.disturbed((0, 12.0, 0))
    bench.rigs.open("ann", "van", given.tolist())
    result = evaluate("a", given, "van", tracking=True)
    assert (result["verdict"], result["departure"]) == ("cannot_tell", None), result["reasons"]
    rig = bench.rigs.get("ann", "van")
    assert rig is not None
    assert rig.estimate.frames == 0
    assert bench.rigs.history("ann", "van", 10)[0]["verdict"] == "cannot_tell"
