"""One job from its inputs to its result and pictures."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from models import ModelError
from worker.bench.accuracy import pose_error
from worker.calibration.config import CalibrationConfig, Prior
from worker.errors import Cancelled
from worker.inputs.cloud import clean_cloud
from worker.inputs.frame_folder import FrameFolder
from worker.inputs.request import parse_request
from worker.pipeline import PipelineInputs, PipelineOutput, Progress, calibration_config, camera_of, run
from worker.segmentation import InputFrame, ModelCache
from worker.version import __version__

QUICK = {"num_samples": 300, "num_iterations": 100, "min_points_in_view": 5000}
NETWORKS = {"image_model": "espnetv2_s2_cityscapes", "cloud_model": "mininet3d_tiny_semantickitti"}


def make_request(K: np.ndarray, initial: np.ndarray, **changes):
    """Return a request of profile `paper`; fields that are None are left out."""
    fields = {
        "camera": {"model": "pinhole", "K": K.tolist(), "distortion": []},
        "initial": {"T_cam_lidar": initial.tolist()},
        "prior": {"rotation_deg": 5, "translation_m": 0.05},
        "profile": "paper",
        "options": QUICK,
        "seed": 3,
    } | changes
    return parse_request(json.dumps({name: value for name, value in fields.items() if value is not None}))


@pytest.fixture(scope="module")
def request_of(street):
    """Return a maker of requests about the street, three degrees off, with its own label maps."""
    maps = {"image_label_map": street.image_names, "point_label_map": street.point_names}
    return lambda **changes: make_request(street.camera.K, street.disturbed((2, -2, 1)), **(maps | changes))


@pytest.fixture(scope="module")
def frame(street) -> InputFrame:
    """Return every second point of the street, with uploaded labels."""
    points, labels = (array[::2] for array in street.sweep)
    return InputFrame(street.image, clean_cloud(points, None), street.image_labels, labels)


def execute(request, *frames: InputFrame, on_progress=lambda _: None) -> PipelineOutput:
    return run(PipelineInputs(request, frames), ModelCache(), on_progress)


def size_of(png: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(png)) as picture:
        picture.load()
        return picture.size


class TestUploadedLabels:
    """The caller's own segmentation takes the networks' place."""

    def test_a_job_is_done_from_end_to_end(self, street, request_of, frame):
        """The extrinsic is found, the result says so, and both pictures show it."""
        output = execute(request_of(), frame)
        result = output.result
        assert output.estimated
        assert json.loads(json.dumps(result, allow_nan=False)) == result
        assert result["outcome"] == "converged"
        angle, _ = pose_error(np.array(result["T_cam_lidar"]), street.T_cam_lidar)
        assert angle < 0.4
        assert result["change"]["rotation_deg"] == pytest.approx(3, abs=0.4)
        assert result["alignment_loss"]["ratio"] < 0.05
        assert set(result["alignment_loss"]["after"]["per_class"]) == {"car", "road", "sidewalk"}
        assert set(result["seconds"]) == {"segmentation", "calibration"}
        assert result["models"] == {"image": {"source": "uploaded labels"}, "cloud": {"source": "uploaded labels"}}
        assert (result["seed"], result["version"]) == (3, __version__)
        assert {stage: size_of(png) for stage, png in output.overlays.items()} == {
            "initial": (620, 188),
            "final": (620, 188),
        }
        assert output.overlays["initial"] != output.overlays["final"]

    def test_a_job_that_cannot_be_estimated_returns_what_it_was_given(self, street, request_of, frame):
        """The outcome is named, the extrinsic is the initial one and both pictures are the same."""
        output = execute(request_of(options=QUICK | {"classes": ["bus"]}), frame)
        assert not output.estimated
        assert output.result["outcome"] == "no_common_class"
        np.testing.assert_allclose(output.result["T_cam_lidar"], street.disturbed((2, -2, 1)), atol=1e-12)
        assert output.result["alignment_loss"]["ratio"] is None
        assert output.overlays["initial"] == output.overlays["final"]

    def test_points_without_classes_are_left_to_auto(self, street, request_of, frame):
        """Of this cloud's sensor nobody learned: geometry serves, the result says why, and the pose is found."""
        request = request_of(profile="robust", point_label_map=None, options=None)
        result = execute(request, replace(frame, point_labels=None)).result
        assert result["models"]["cloud"]["name"] == "geometric"
        assert result["models"]["cloud"]["reason"].endswith(".")
        angle, _ = pose_error(np.array(result["T_cam_lidar"]), street.T_cam_lidar)
        assert angle < 1

    def test_frames_share_one_extrinsic(self, request_of, frame):
        """Two frames count twice the points of one."""
        quick = {"options": QUICK | {"num_samples": 20, "num_iterations": 2}}
        once, twice = execute(request_of(**quick), frame), execute(request_of(**quick), frame, frame)
        assert (
            twice.result["alignment_loss"]["before"]["per_class"]["car"]["points"]
            == 2 * once.result["alignment_loss"]["before"]["per_class"]["car"]["points"]
        )
        assert len(twice.overlays) == 2

    def test_points_that_were_no_measurement_are_counted(self, request_of, frame, street):
        """Over all frames."""
        points = street.sweep[0][::2].copy()
        points[:7] = np.nan
        cloud = clean_cloud(points, None)
        dropping = replace(frame, cloud=cloud, point_labels=cloud.of_kept_points(frame.point_labels))
        options = QUICK | {"num_samples": 5, "num_iterations": 1}
        assert execute(request_of(options=options), dropping, dropping).result["dropped_points"] == 14

    def test_classes_are_named_in_any_spelling(self, request_of, frame):
        """`CAR` is car, a name of the caller's own may be written as in the map, and one named twice counts once."""
        names = {10: "sky", 11: "Loading Zone", 12: "Loading Zone", 14: "Car"}
        options = QUICK | {"classes": ["CAR", "Loading Zone", "car"], "num_samples": 20, "num_iterations": 2}
        image_names = {0: "sky", 1: "Loading Zone", 2: "Loading Zone", 4: "Car"}
        output = execute(request_of(options=options, point_label_map=names, image_label_map=image_names), frame)
        assert list(output.result["alignment_loss"]["before"]["per_class"]) == ["car", "loading zone"]


class TestProgress:
    """A job tells how far it is and can be stopped."""

    def test_it_runs_through_all_stages(self, request_of, frame):
        """Segmentation, initialization, refinement; the share of the whole grows from 0 to 1."""
        reports: list[Progress] = []
        execute(request_of(), frame, frame, on_progress=reports.append)
        stages = list(dict.fromkeys(report.stage for report in reports))
        overall = [report.overall for report in reports]
        assert stages == ["segmentation", "initialization", "refinement"]
        assert overall == sorted(overall)
        assert (overall[0], overall[-1]) == (0, 1)
        assert all(0 <= report.fraction <= 1 for report in reports)
        assert reports[-1].loss > 0

    @pytest.mark.parametrize("stage", ["segmentation", "initialization", "refinement"])
    def test_a_cancelled_job_stops(self, request_of, frame, stage):
        """The exception of the callback comes out, and nothing is computed after it."""
        seen = []

        def cancel(progress: Progress) -> None:
            seen.append(progress.stage)
            if progress.stage == stage:
                raise Cancelled

        with pytest.raises(Cancelled):
            execute(request_of(), frame, on_progress=cancel)
        assert seen[-1] == stage
        assert seen.count(stage) == 1


class TestRequest:
    """What the request says reaches the core."""

    def test_every_setting_is_passed_on(self, request_of):
        """None is left at its default."""
        options = {
            "classes": ["car", "pole"],
            "num_samples": 11,
            "min_points_in_view": 12,
            "learning_rate": 0.013,
            "num_iterations": 14,
            "hold_translation": True,
        }
        config = calibration_config(request_of(options=options, seed=15), "cpu")
        expected = {**options, "classes": ("car", "pole"), "prior": Prior(5, 0.05), "profile": "paper", "seed": 15}
        assert {name: getattr(config, name) for name in expected} == expected
        assert config.device == "cpu"

    def test_defaults_are_those_of_the_core(self, street):
        """A request that says nothing gets what the paper used."""
        request = make_request(street.camera.K, street.T_cam_lidar, options=None, prior=None, seed=None)
        assert calibration_config(request, "cpu") == CalibrationConfig(profile="paper")

    def test_the_camera_has_the_size_of_the_image(self, request_of, frame):
        """Width and height are not asked for."""
        camera = camera_of(request_of(), [frame])
        assert (camera.width, camera.height) == (620, 188)

    def test_images_of_different_sizes_are_refused_before_anything_is_computed(self, request_of, frame):
        """They cannot come from one camera."""
        smaller = replace(frame, image=frame.image[:-1], image_labels=frame.image_labels[:-1])
        reports = []
        with pytest.raises(ValueError, match="same size"):
            execute(request_of(), frame, smaller, on_progress=reports.append)
        assert reports == []

    def test_a_network_that_does_not_exist(self, request_of, frame):
        """The job ends with the name in the sentence."""
        request = request_of(image_model="nonesuch", image_label_map=None)
        with pytest.raises(ModelError, match="nonesuch"):
            execute(request, replace(frame, image_labels=None))


def test_a_real_frame_with_both_networks(test_data, models_mirror):
    """A KITTI frame, seen by the released networks, comes out better than it went in."""
    folder = FrameFolder(test_data / "kitti00_000000")
    initial = (
        np.array([[0.9962, 0, 0.0872, 0], [0, 1, 0, 0], [-0.0872, 0, 0.9962, 0], [0, 0, 0, 1]]) @ folder.T_cam_lidar
    )
    request = make_request(folder.K, initial, options=QUICK | {"num_samples": 500}, **NETWORKS)
    output = execute(request, InputFrame(folder.image(), folder.cloud()))
    result = output.result
    assert result["outcome"] == "converged"
    assert result["models"]["image"] == {"source": "network", "name": "espnetv2_s2_cityscapes"}
    assert result["models"]["cloud"] == {"source": "network", "name": "mininet3d_tiny_semantickitti"}
    angle, _ = pose_error(np.array(result["T_cam_lidar"]), folder.T_cam_lidar)
    assert angle < 2
    assert result["alignment_loss"]["ratio"] < 0.1
    assert size_of(output.overlays["final"]) == (1241, 376)
