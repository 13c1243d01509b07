"""The search: evenly spread candidates, and basins that lie apart."""

import math

import numpy as np
import pytest
import torch

from worker.calibration.robust.cues import COARSE
from worker.calibration.robust.score import robust_score
from worker.calibration.robust.search import Candidates, best_of_each, score, spread
from worker.calibration.robust.settings import RobustSettings
from worker.calibration.transforms import RigidTransform, rotation_angle_rad, rotation_from_euler_xyz


def euler(rotation: torch.Tensor) -> torch.Tensor:
    """Angles (..., 3) about the fixed axes x, y, z."""
    return torch.stack(
        [
            torch.atan2(rotation[..., 2, 1], rotation[..., 2, 2]),
            torch.asin(-rotation[..., 2, 0]),
            torch.atan2(rotation[..., 1, 0], rotation[..., 0, 0]),
        ],
        -1,
    )


def turned(*degrees: float) -> RigidTransform:
    """A batch of turns about the vertical."""
    angles = torch.zeros(len(degrees), 3, dtype=torch.float64)
    angles[:, 1] = torch.deg2rad(torch.tensor(degrees, dtype=torch.float64))
    return RigidTransform(rotation_from_euler_xyz(angles), torch.zeros_like(angles))


class TestSpread:
    """Candidates around centres."""

    def test_they_stay_inside_the_box_and_reach_its_walls(self, rig):
        """Every angle and every offset lies within its bound, and some come close to it on either side."""
        poses = spread(rig.T_cam_lidar[None], 0.2, 0.3, 500, seed=0)
        relative = poses @ rig.T_cam_lidar.inverse()
        for values, bound in ((euler(relative.rotation), 0.2), (relative.translation, 0.3)):
            assert values.abs().max() <= bound + 1e-9
            assert (values.max(0).values > 0.97 * bound).all()
            assert (values.min(0).values < -0.97 * bound).all()

    def test_they_are_even(self, rig):
        """Each of the sixty-four corners of the box gets its share, which luck would not give it."""
        relative = spread(rig.T_cam_lidar[None], 0.2, 0.3, 513, seed=1) @ rig.T_cam_lidar.inverse()
        signs = torch.cat([euler(relative.rotation), relative.translation], -1)[1:] > 0
        corners = (signs * 2 ** torch.arange(6)).sum(-1).bincount(minlength=64)
        assert corners.min() >= 6
        assert corners.max() <= 10

    def test_each_centre_comes_first_in_its_own_group(self):
        """What was found is never lost to what lies around it."""
        centers = turned(0, 30, 60)
        poses = spread(centers, 0.05, 0.1, 20, seed=0)
        torch.testing.assert_close(poses.rotation[::20], centers.rotation)
        torch.testing.assert_close(poses.translation[::20], centers.translation)
        angle = rotation_angle_rad(poses.rotation @ centers.rotation.repeat_interleave(20, 0).mT)
        assert angle.max() < 0.1

    def test_the_seed_decides(self, rig):
        """The same seed draws the same poses, another one others, and nobody else's generator moves."""
        torch.manual_seed(0)
        before = torch.get_rng_state()
        first, again, other = (spread(rig.T_cam_lidar[None], 0.2, 0.3, 50, seed).rotation for seed in (3, 3, 4))
        assert torch.equal(first, again)
        assert not torch.equal(first, other)
        assert torch.equal(torch.get_rng_state(), before)

    def test_without_room_to_shift_the_camera_turns_about_its_own_centre(self, rig):
        """The centre stays where it is."""
        poses = spread(rig.T_cam_lidar[None], 0.2, 0.0, 50, seed=0)
        torch.testing.assert_close(poses.center(), rig.T_cam_lidar.center().expand(50, 3))


class TestCandidates:
    """Poses with their scores."""

    RANKED = Candidates.ranked(turned(0, 1, 10, 11, 20), torch.tensor([1.0, 5.0, 2.0, 4.0, 3.0]))

    def test_they_are_ranked_with_their_poses(self):
        """The best first."""
        assert self.RANKED.score.tolist() == [5, 4, 3, 2, 1]
        angles = torch.rad2deg(euler(self.RANKED.T_cam_lidar.rotation)[:, 1])
        np.testing.assert_allclose(angles, [1, 11, 20, 10, 0], atol=1e-9)

    def test_those_apart_keep_their_distance(self):
        """Of neighbours only the best is kept."""
        kept = self.RANKED.apart(math.radians(4), 10)
        assert kept.score.tolist() == [5, 4, 3]
        kept = self.RANKED.apart(math.radians(9.5), 10)
        assert kept.score.tolist() == [5, 4]

    def test_no_more_are_kept_than_asked_for(self):
        """Of four regions the best two."""
        assert self.RANKED.apart(math.radians(0.5), 2).score.tolist() == [5, 4]

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_any_two_of_many_are_apart(self, rig, dtype):
        """No pair of what is kept is closer than the separation, in either precision."""
        poses = spread(rig.T_cam_lidar[None].to(dtype), 0.3, 0.0, 400, seed=0)
        kept = Candidates.ranked(poses, torch.arange(400.0)).apart(math.radians(5), 30).T_cam_lidar.rotation
        angles = rotation_angle_rad(kept[:, None] @ kept[None].mT)
        assert len(kept) > 20
        assert angles[~torch.eye(len(kept), dtype=torch.bool)].min() > math.radians(4.99)

    def test_each_group_sends_its_best(self):
        """And the groups are ranked by them."""
        best = best_of_each(turned(0, 1, 2, 3, 4, 5), torch.tensor([1.0, 3, 2, 9, 8, 7]), 3)
        assert best.score.tolist() == [9, 3]
        np.testing.assert_allclose(torch.rad2deg(euler(best.T_cam_lidar.rotation)[:, 1]), [3, 1], atol=1e-9)


def test_scores_of_terms_are_weighed_and_added(rig):
    """The score of poses is the sum of what each term says, times its weight."""
    terms = rig.cues().histogram_terms(COARSE, 1000)
    poses = spread(rig.T_cam_lidar[None], 0.1, 0.0, 5, seed=0)
    total = score(poses, [(2.0, terms["semantic"]), (0.5, terms["intensity"])])
    torch.testing.assert_close(total, 2 * terms["semantic"].score(poses) + 0.5 * terms["intensity"].score(poses))


def test_the_plain_score_falls_with_the_error(rig):
    """Over frames together, the truth scores best, and a term without weight does not count."""
    poses = [rig.disturbed((deg, deg, -deg)) for deg in (0.0, 1.5, 4.0, 8.0)]
    batch = RigidTransform(torch.stack([p.rotation for p in poses]), torch.stack([p.translation for p in poses]))
    values = robust_score(rig.frames[:2], rig.camera)(batch)
    assert (values.diff() < 0).all()
    only = robust_score(rig.frames[:2], rig.camera, RobustSettings(intensity_weight=0))(batch)
    assert (only.diff() < 0).all()
    assert not torch.equal(values, only)
