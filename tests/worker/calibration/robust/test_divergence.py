"""The divergence of groups: exact gradients, and a value that knows separation and nothing else."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from worker.calibration.camera import Camera
from worker.calibration.robust.cues import MEDIUM
from worker.calibration.robust.divergence import GroupDivergence
from worker.calibration.robust.maps import ChannelMaps
from worker.calibration.robust.point_groups import PointGroups
from worker.calibration.transforms import RigidTransform

CAMERA = Camera(np.array([[50.0, 0, 49.5], [0, 50, 19.5], [0, 0, 1]]), 100, 40)
BEHIND = torch.tensor([0.0, 0.0, -5.0], dtype=torch.float64)[:, None]


def two_halves(matches: torch.Tensor | None = None, count: int = 4000) -> GroupDivergence:
    """An image whose left half is of one channel and whose right half of another, each under its own points."""
    channels = np.zeros((40, 100, 2), np.float32)
    channels[:, :50, 0] = channels[:, 50:, 1] = 1
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(-0.9, -0.1, count), rng.uniform(0.1, 0.9, count)])
    points = torch.from_numpy(np.stack([x, rng.uniform(-0.3, 0.3, 2 * count), np.ones(2 * count)]))
    membership = torch.eye(2, dtype=torch.float64).repeat_interleave(count, 0)
    matches = torch.zeros(2, 2, dtype=torch.float64) if matches is None else matches
    maps = ChannelMaps.from_channels(channels, 1.0, 1.0, torch.float64)
    return GroupDivergence.build(CAMERA, maps, points, PointGroups.from_dense(membership), matches)


def hidden(term: GroupDivergence, which: slice, place: torch.Tensor = BEHIND) -> GroupDivergence:
    """The same term with some points where the camera does not see them."""
    points = term.points.clone()
    points[:, which] = place
    return replace(term, points=points)


@pytest.mark.parametrize("name", ["semantic", "intensity"])
@pytest.mark.parametrize("turn", [(0.0, 0.0, 0.0), (1.5, -2.0, 1.0)])
def test_the_gradient_is_that_of_the_value(rig, central_differences, name, turn):
    """Analytic derivatives along turns and shifts agree with central differences, right and wrong poses alike."""
    term = rig.cues().histogram_terms(MEDIUM, 3000)[name]
    pose = rig.disturbed(turn, (0.1, 0.05, -0.1))
    gradient = term.linearize(pose).gradient
    numeric = central_differences(lambda p: term.linearize(p).value, pose)
    torch.testing.assert_close(gradient, numeric, rtol=1e-3, atol=1e-4)
    assert gradient.norm() > 0.01


def test_the_information_is_a_covariance(rig):
    """It is symmetric, has no negative eigenvalue, and turns are better known than shifts are."""
    information = rig.cues().histogram_terms(MEDIUM)["semantic"].linearize(rig.T_cam_lidar).information
    torch.testing.assert_close(information, information.mT)
    assert torch.linalg.eigvalsh(information).min() > 0
    assert information.diagonal()[:3].min() > information.diagonal()[3:].max()


def test_the_quick_score_is_close_to_the_exact_one(rig):
    """Without interpolation, and for a batch, the values hardly differ."""
    poses = [rig.disturbed((turn, -turn, turn)) for turn in np.linspace(-4, 4, 9)]
    batch = RigidTransform(torch.stack([p.rotation for p in poses]), torch.stack([p.translation for p in poses]))
    for term in rig.cues().histogram_terms(MEDIUM).values():
        exact = [term.linearize(pose).value for pose in poses]
        np.testing.assert_allclose(term.score(batch), exact, atol=0.02)
        assert np.argmax(exact) == 4


def test_perfect_separation_of_two_groups_is_a_bit(still):
    """Two groups that never share a channel diverge by log 2, less what shrinkage takes."""
    assert two_halves().linearize(still).value == pytest.approx(math.log(2), abs=0.05)


def test_groups_that_see_the_same_do_not_diverge(still):
    """Turned by a right angle about the optical axis both halves see both channels."""
    quarter = RigidTransform.from_matrix(np.array([[0, -1.0, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]))
    assert two_halves().linearize(quarter).value < 0.01


def test_separation_counts_and_not_the_mix_of_groups(still):
    """A view that shows a tenth of one group is worth nearly as much, where mutual information would lose half."""
    term = two_halves()
    whole, few = term.linearize(still).value, hidden(term, slice(0, 3600)).linearize(still).value
    assert 0.85 * whole < few <= whole


def test_a_group_of_a_few_points_in_view_says_little(still):
    """Three points that look distinct may do so by chance."""
    term = two_halves()
    assert hidden(term, slice(0, 3997)).linearize(still).value < 0.5 * term.linearize(still).value


def test_points_out_of_view_add_nothing(still):
    """Behind the camera, far beside it or on its lens: value, gradient and information are the same."""
    term = two_halves()
    places = (BEHIND, torch.tensor([[50.0], [0], [1]]).double(), torch.tensor([[0.0], [0], [0.01]]).double())
    first, *others = (hidden(term, slice(0, 2000), place).linearize(still) for place in places)
    for other in others:
        assert other.value == pytest.approx(first.value, abs=1e-12)
        torch.testing.assert_close(other.gradient, first.gradient)
        torch.testing.assert_close(other.information, first.information)


def test_nothing_in_view_is_worth_nothing(still):
    """Without any point neither value nor direction is left."""
    at = hidden(two_halves(), slice(None)).linearize(still)
    assert at.value == pytest.approx(0, abs=1e-5)
    assert not at.gradient.any()
    assert not at.information.any()


def test_names_that_agree_are_added(still):
    """Groups over their own names gain their share, over each other's names nothing."""
    plain, right, wrong = (
        two_halves(matches.double()).linearize(still).value
        for matches in (torch.zeros(2, 2), torch.eye(2), torch.eye(2).flip(0))
    )
    assert right - plain == pytest.approx(1, abs=0.02)
    assert wrong - plain == pytest.approx(0, abs=0.02)


def test_thinning_keeps_the_value(rig):
    """A third of the points tells nearly the same, with the weights of all."""
    term = rig.cues().histogram_terms(MEDIUM)["semantic"]
    third = term.thinned(term.points.shape[1] // 3)
    assert third.points.shape[1] == len(third.groups.share) == pytest.approx(term.points.shape[1] / 3, abs=1)
    assert third.linearize(rig.T_cam_lidar).value == pytest.approx(term.linearize(rig.T_cam_lidar).value, rel=0.02)
