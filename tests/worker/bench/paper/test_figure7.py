"""The rank correlation of a loss with what is wrong."""

import numpy as np
import pytest
import torch

from worker.bench.accuracy import pose_error
from worker.bench.paper.data_set import KITTI_DETECTION, KITTI_ODOMETRY
from worker.bench.paper.figure7 import figure7, figure7_markdown, rank_correlation, rank_poses
from worker.bench.paper.objectives import BOUND, OBJECTIVES, Objective
from worker.bench.paper.pose_sets import NUM_POSES, POSE_SETS
from worker.calibration.transforms import rotation_angle_rad

BOTH, TURNED, MOVED = POSE_SETS


class TestRankCorrelation:
    """Spearman's index."""

    def test_it_is_one_minus_six_d_squared(self):
        """Ranks 1 3 2 5 4 against 1 to 5: 1 - 6 * 4 / (5 * 24) = 0.8, whatever the scale."""
        losses = np.array([0.1, 30, 7, 1e6, 4e4])
        assert rank_correlation(losses, np.arange(5.0)) == pytest.approx(0.8)
        assert rank_correlation(-losses, np.arange(5.0)) == pytest.approx(-0.8)

    def test_equal_values_share_their_mean_rank(self):
        """Ranks 1 2.5 2.5 4 against 1 2 3 4: Pearson's index of the ranks, 4.5 / sqrt(4.5 * 5)."""
        found = rank_correlation(np.array([0.0, 1, 1, 2]), np.arange(4.0))
        assert found == pytest.approx(4.5 / np.sqrt(4.5 * 5))

    @pytest.mark.parametrize("losses", [np.zeros(4), np.full(4, 7.0)])
    def test_what_does_not_vary_ranks_nothing(self, losses):
        """No index rather than one that is not a number."""
        assert rank_correlation(losses, np.arange(4.0)) is None
        assert rank_correlation(np.arange(4.0), losses) is None


class TestPoses:
    """Poses are wrong by known amounts."""

    @pytest.mark.parametrize("poses", POSE_SETS, ids=lambda poses: poses.title)
    def test_errors_fill_their_range_evenly(self, street, poses):
        """Each tenth of the range holds about a tenth of the poses; what is not to change does not."""
        extrinsics = poses.sample(street.T_cam_lidar, seed=0, frame=0)
        errors = np.array([pose_error(extrinsic, street.T_cam_lidar) for extrinsic in extrinsics]).T
        for values, largest in zip(errors, (poses.max_rotation_deg, poses.max_translation_m), strict=True):
            if largest:
                counts, _ = np.histogram(values, bins=10, range=(0, largest))
                assert counts.sum() == NUM_POSES
                assert counts.min() >= 6
            else:
                assert values.max() < 1e-5

    def test_directions_have_no_preference(self, street):
        """The mean turn and the mean shift are near none."""
        relative = BOTH.sample(street.T_cam_lidar, 0, 0) @ np.linalg.inv(street.T_cam_lidar)
        assert np.abs(relative[:, :3, 3].mean(0)).max() < 0.1
        turns = relative[:, [2, 0, 1], [1, 2, 0]] - relative[:, [1, 2, 0], [2, 0, 1]]
        assert np.abs(turns.mean(0)).max() < 0.03

    def test_seed_and_frame_decide(self, street):
        """The same poses again, and others for another seed or frame."""
        first = TURNED.sample(street.T_cam_lidar, 1, 2)
        assert np.array_equal(first, TURNED.sample(street.T_cam_lidar, 1, 2))
        for seed, frame in ((0, 2), (1, 3)):
            assert not np.allclose(first, TURNED.sample(street.T_cam_lidar, seed, frame))


def rotation_error(frame):
    """The loss that knows the answer, bent: only ranks matter."""
    truth = torch.as_tensor(frame.T_cam_lidar[:3, :3])
    return lambda poses: rotation_angle_rad(poses.rotation @ truth.T) ** 3


class TestFigure:
    """Averages over frames."""

    def test_a_perfect_loss_has_index_one(self, street_frame):
        """With the angle it measures, and none with the distance it does not see."""
        rankings = rank_poses([street_frame(KITTI_ODOMETRY)], [Objective("angle", rotation_error)], seed=0)
        both, turned, moved = figure7(rankings)
        assert both.quaternion == pytest.approx(1)
        assert turned.quaternion == pytest.approx(1)
        assert both.euler > 0.9
        assert abs(both.translation) < 0.2
        assert turned.translation is None
        assert moved.quaternion is None

    def test_indices_are_averaged_over_the_frames_of_a_data_set(self, street_frame):
        """A loss that is right on one frame and upside down on another has mean 0; data sets stay apart."""

        def contrary(frame):
            loss, sign = rotation_error(frame), -1 if frame.frame.name == "upside" else 1
            return lambda poses: sign * loss(poses)

        frames = [street_frame(KITTI_ODOMETRY, n) for n in ("up", "upside")] + [street_frame(KITTI_DETECTION, "up")]
        told = []
        rows = figure7(rank_poses(frames, [Objective("angle", contrary)], seed=0, on_frame=told.append))
        turned = {row.data_set: row for row in rows if row.poses == TURNED.title}
        assert turned[KITTI_ODOMETRY].quaternion == pytest.approx(0)
        assert turned[KITTI_ODOMETRY].frames == 2
        assert turned[KITTI_DETECTION].quaternion == pytest.approx(1)
        assert told == [3, 3, 3]

    def test_eq1_ranks_the_street(self, street_frame):
        """With exact labels Eq. 1 grows with the turn, and with the shift alone."""
        rows = figure7(rank_poses([street_frame(KITTI_ODOMETRY)], [OBJECTIVES["paper"]], seed=0))
        _, turned, moved = rows
        assert turned.quaternion > 0.6
        assert moved.translation > 0.5

    def test_the_displacement_of_points_bounds_the_others(self, street_frame):
        """It ranks turns better than Eq. 1 does, and not perfectly: axes differ in how far they move points."""
        frame = street_frame(KITTI_ODOMETRY)
        eq1, bound = (figure7(rank_poses([frame], [each], seed=0))[1] for each in (OBJECTIVES["paper"], BOUND))
        assert eq1.quaternion < bound.quaternion < 0.99

    def test_a_frame_that_cannot_be_ranked_is_named(self, street, street_frame):
        """Without a common class Eq. 1 is 0 everywhere: the frame is listed and not averaged."""
        bare = street_frame(KITTI_ODOMETRY, "bare", image_labels=np.zeros_like(street.image_labels))
        rows = figure7(rank_poses([bare, street_frame(KITTI_ODOMETRY)], [OBJECTIVES["paper"]], seed=0))
        for row in rows:
            assert (row.frames, row.unranked) == (1, ("bare",))

    def test_the_papers_indices_come_first(self, street_frame):
        """Then ours, a dash where poses do not vary."""
        rows = figure7(rank_poses([street_frame(KITTI_ODOMETRY)], [Objective("angle", rotation_error)], seed=0))
        lines = figure7_markdown(rows).splitlines()
        assert lines[2] == "| paper, KITTI odometry: Eq. 1 | not stated | not stated | 0.72 | - | 0.71 |"
        assert lines[4].startswith("| KITTI odometry: angle | turned only | 1 | 1.00 |")
        assert lines[4].endswith("| - |")
