"""The accuracy benchmark: known wrong starts, honest judgement, every job on record."""

import json
from dataclasses import replace

import numpy as np
import pytest

from worker.bench.accuracy import (
    Disturbance,
    accuracy,
    euler_error_deg,
    group_frames,
    pose_error,
    run_jobs,
    summarize,
)
from worker.bench.frames import BenchFrame
from worker.calibration.config import CalibrationConfig, Prior

SMALL = Disturbance(3, 0.05)
QUICK = CalibrationConfig("paper", num_samples=30, num_iterations=10, min_points_in_view=1000)


def bench_frame(street, name: str = "street", **changes) -> BenchFrame:
    every_tenth = {key: getattr(street.frame, key)[::10] for key in ("points", "point_labels")}
    frame = replace(street.frame, name=name, **every_tenth)
    return replace(BenchFrame(frame, street.image, street.camera, street.T_cam_lidar, 1.5), **changes)


def moved(street, offset_m: float) -> np.ndarray:
    T_cam_lidar = street.T_cam_lidar.copy()
    T_cam_lidar[0, 3] += offset_m
    return T_cam_lidar


class TestStarts:
    """The wrong starts are those the documentation defines."""

    @pytest.mark.parametrize(("seed", "job"), [(0, 0), (0, 1), (7, 3)])
    def test_a_start_follows_the_published_formula(self, street, seed, job):
        """Written out by hand: angles, then offsets, from a generator of seed and job; R = Rz Ry Rx on the left."""
        rng = np.random.default_rng([seed, job])
        x, y, z = np.radians(rng.uniform(-20, 20, 3))
        offsets = rng.uniform(-0.3, 0.3, 3)
        about_x = [[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]]
        about_y = [[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]]
        about_z = [[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]]
        expected = street.T_cam_lidar.copy()
        expected[:3] = np.array(about_z) @ about_y @ about_x @ expected[:3]
        expected[:3, 3] += offsets
        np.testing.assert_allclose(Disturbance(20, 0.3).start(street.T_cam_lidar, seed, job), expected, atol=1e-12)

    def test_without_offsets_the_camera_turns_about_its_own_centre(self, street):
        """An error of rotation alone is no error of position."""
        start = Disturbance(20, 0).start(street.T_cam_lidar, 0, 0)
        angle, distance = pose_error(start, street.T_cam_lidar)
        assert 0 < angle <= 36
        assert distance < 1e-12

    def test_the_stated_prior_is_the_disturbance(self):
        """The caller of such a job knows the bounds, and leaves the centre at least five centimetres."""
        assert Disturbance(10, 0).prior == Prior(10, 0.05)
        assert Disturbance(20, 0.3).prior == Prior(20, 0.3)


class TestGrouping:
    """Jobs are consecutive frames of one rig."""

    def names(self, grouping) -> list[list[str]]:
        """Return the frame names of every job."""
        return [[frame.frame.name for frame in job] for job in grouping.jobs]

    def test_full_groups_in_order(self, street):
        """Five frames make two pairs, and the last is said to be left out."""
        grouping = group_frames([bench_frame(street, name) for name in "abcde"], 2)
        assert self.names(grouping) == [["a", "b"], ["c", "d"]]
        assert grouping.dropped == ("e",)

    def test_one_frame_a_job(self, street):
        """Nothing is left out."""
        grouping = group_frames([bench_frame(street, name) for name in "abc"], 1)
        assert self.names(grouping) == [["a"], ["b"], ["c"]]
        assert grouping.dropped == ()

    def test_a_change_of_rig_ends_a_group(self, street):
        """Frames of different extrinsics, intrinsics or sizes are never calibrated together."""
        K = street.camera.K + np.diag([1, 1, 0])
        others = [
            bench_frame(street, "moved", T_cam_lidar=moved(street, 0.01)),
            bench_frame(street, "zoomed", camera=replace(street.camera, K=K)),
            bench_frame(street, "cropped", camera=replace(street.camera, width=600)),
        ]
        for other in others:
            frames = [bench_frame(street, "a"), other, bench_frame(street, "b"), bench_frame(street, "c")]
            grouping = group_frames(frames, 2)
            assert self.names(grouping) == [["b", "c"]]
            assert grouping.dropped == ("a", other.frame.name)

    def test_fewer_frames_than_a_group(self, street):
        """No job, and every frame named."""
        grouping = group_frames([bench_frame(street, "a")], 3)
        assert grouping.jobs == ()
        assert grouping.dropped == ("a",)


class TestErrors:
    """How an estimate is judged."""

    def test_rotation_and_centre(self, street):
        """The angle of R_est R_true^T and the way between the camera centres, in the LiDAR frame."""
        estimate = street.disturbed((0, 3, 0), (0.3, 0, 0.4))
        angle, distance = pose_error(estimate, street.T_cam_lidar)
        assert angle == pytest.approx(3)
        assert distance == pytest.approx(0.5)

    def test_the_truth_has_no_error(self, street):
        """Zero means zero."""
        assert pose_error(street.T_cam_lidar, street.T_cam_lidar) == pytest.approx((0, 0), abs=1e-6)
        assert euler_error_deg(street.T_cam_lidar, street.T_cam_lidar) == pytest.approx(0, abs=1e-6)

    def test_euler_error_is_the_mean_absolute_angle(self, street):
        """Roll, pitch and yaw of the difference, each counted alike."""
        assert euler_error_deg(street.disturbed((1, -2, 6)), street.T_cam_lidar) == pytest.approx(3)


class FixedStart(Disturbance):
    """Starts every job from the same extrinsic, whatever the truth."""

    initial = np.eye(4)

    def start(self, T_cam_lidar, seed, job):
        """Return the fixed extrinsic."""
        return self.initial


class TestJobs:
    """One record a job, whatever becomes of it."""

    def run(self, frames, disturbance=SMALL, config=QUICK, per_job: int = 1, seed: int = 0):
        """Return the records."""
        return list(run_jobs(group_frames(frames, per_job), disturbance, config, seed))

    def test_a_record_says_everything_about_its_job(self, street):
        """Frames, the three extrinsics, errors, losses, outcome and seconds, all of them fit for JSON."""
        (job,) = self.run([bench_frame(street, "a"), bench_frame(street, "b")], per_job=2)
        assert json.loads(json.dumps(job, allow_nan=False)) == job
        assert job["frames"] == ["a", "b"]
        np.testing.assert_array_equal(job["true_T_cam_lidar"], street.T_cam_lidar)
        np.testing.assert_array_equal(job["initial_T_cam_lidar"], SMALL.start(street.T_cam_lidar, 0, 0))
        estimate = np.array(job["estimate_T_cam_lidar"])
        assert (job["rotation_error_deg"], job["camera_center_error_m"]) == pose_error(estimate, street.T_cam_lidar)
        assert job["euler_error_deg"] == euler_error_deg(estimate, street.T_cam_lidar)
        assert job["alignment_loss_after"] < job["alignment_loss_before"]
        assert job["outcome"] == "converged"
        assert job["verdict"] is None
        assert job["seconds"]["segmentation"] == 3.0
        assert job["seconds"]["calibration"] > 0

    def test_a_failure_is_a_record_with_the_start_as_its_estimate(self, street):
        """What could not be estimated still counts, with a finite extrinsic."""
        config = replace(QUICK, min_points_in_view=10**6)
        jobs = self.run([bench_frame(street, "a"), bench_frame(street, "b")], config=config)
        assert [job["outcome"] for job in jobs] == ["all_candidates_rejected"] * 2
        for job in jobs:
            assert job["estimate_T_cam_lidar"] == job["initial_T_cam_lidar"]
            assert np.isfinite(job["estimate_T_cam_lidar"]).all()
            assert job["rotation_error_deg"] == job["initial_rotation_error_deg"]

    def test_the_number_of_the_job_decides_its_start(self, street):
        """Two jobs on the same frame start differently, and the same seed starts them the same way."""
        frames = [bench_frame(street, "a"), bench_frame(street, "b")]
        first, again = self.run(frames), self.run(frames)
        assert first[0]["initial_T_cam_lidar"] != first[1]["initial_T_cam_lidar"]
        assert [job["estimate_T_cam_lidar"] for job in first] == [job["estimate_T_cam_lidar"] for job in again]
        assert self.run(frames, seed=1)[0]["initial_T_cam_lidar"] != first[0]["initial_T_cam_lidar"]

    def test_the_truth_does_not_reach_the_calibration(self, street):
        """From the same start, frames that claim another truth get the same estimate; only the judgement differs."""
        start = FixedStart(3, 0.05)
        object.__setattr__(start, "initial", street.disturbed((2, -2, 1)))
        honest, misled = (
            self.run([bench_frame(street, T_cam_lidar=truth)], start)[0]
            for truth in (street.T_cam_lidar, moved(street, 0.5))
        )
        assert honest["estimate_T_cam_lidar"] == misled["estimate_T_cam_lidar"]
        assert honest["camera_center_error_m"] != misled["camera_center_error_m"]


def job(rotation: float, start: float, outcome: str = "converged") -> dict:
    return {
        "rotation_error_deg": rotation,
        "initial_rotation_error_deg": start,
        "euler_error_deg": rotation / 2,
        "camera_center_error_m": rotation / 10,
        "outcome": outcome,
        "verdict": None,
        "seconds": {"calibration": 1.0, "segmentation": 0.5},
    }


class TestSummary:
    """The numbers that get published."""

    def test_statistics(self):
        """Mean, median, ninth decile and maximum over all jobs, failed ones included."""
        jobs = [job(e, 5) for e in (0.2, 0.4, 0.6, 0.8)] + [job(8.0, 8.0, "nothing_better")]
        summary = summarize(jobs)
        assert summary["jobs"] == 5
        expected = {"mean": 2.0, "median": 0.6, "p90": 0.8 + 0.6 * 7.2, "max": 8.0}
        assert summary["rotation_error_deg"] == pytest.approx(expected)
        assert summary["euler_error_deg"]["max"] == pytest.approx(4.0)
        assert summary["camera_center_error_m"]["median"] == pytest.approx(0.06)
        assert summary["outcomes"] == {"converged": 4, "nothing_better": 1}

    def test_shares(self):
        """A start that was returned unchanged is neither better nor worse than the start."""
        summary = summarize([job(0.99, 5), job(1.0, 0.5), job(5.0, 5.0), job(6.0, 5.0)])
        assert summary["share_under_1_deg"] == 0.25
        assert summary["share_worse_than_start"] == 0.5

    def test_no_job(self):
        """Nothing measured gives no numbers."""
        assert summarize([]) == {"jobs": 0}


def test_the_whole_benchmark(street):
    """Settings, every job in order and their summary; left-out frames are named; each job is told as it ends."""
    told = []
    results = accuracy(
        [bench_frame(street, name) for name in "abc"],
        SMALL,
        QUICK,
        frames_per_job=2,
        seed=0,
        settings={"data_dir": "data"},
        on_job=lambda job, total: told.append((job["frames"], total)),
    )
    assert set(results) == {"settings", "jobs", "summary"}
    assert results["settings"]["data_dir"] == "data"
    assert results["settings"]["disturbance"] == {"rotation_deg": 3, "translation_m": 0.05}
    assert results["settings"]["dropped_frames"] == ["c"]
    assert told == [(["a", "b"], 1)]
    assert [job["frames"] for job in results["jobs"]] == [["a", "b"]]
    assert results["summary"] == summarize(results["jobs"])
