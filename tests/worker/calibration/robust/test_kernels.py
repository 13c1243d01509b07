"""The fused loops agree with the tensor code that every other device runs, for a pinhole and for any other camera."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from worker.calibration.robust.cues import FINE
from worker.calibration.robust.point_groups import PointGroups
from worker.calibration.robust.search import spread
from worker.calibration.robust.term import moved, stepped
from worker.calibration.transforms import RigidTransform


@pytest.fixture(params=[torch.float32, torch.float64], ids=["single", "double"])
def terms(rig, request):
    """The terms of one frame, and a pose that is wrong by some degrees, in one precision."""
    cues = rig.cues(dtype=request.param)
    pose = rig.disturbed((2.0, -1.0, 1.5), (0.1, 0.0, -0.1)).to(request.param)
    return {**cues.histogram_terms(FINE, 5000), "edges": cues.edge_term(pose)}, pose


@pytest.mark.parametrize("name", ["semantic", "intensity", "edges"])
def test_value_gradient_and_information_agree(terms, name):
    """One pass over the points gives what a chain of tensor operations gives."""
    term, pose = terms[0][name], terms[1]
    fused, reference = term.linearize(pose), term._linearization(pose)
    assert fused.value == pytest.approx(reference.value, rel=1e-4)
    for mine, theirs in ((fused.gradient, reference.gradient), (fused.information, reference.information)):
        torch.testing.assert_close(mine, theirs.double(), rtol=2e-3, atol=2e-3 * float(theirs.abs().max()))


@pytest.mark.parametrize("name", ["semantic", "intensity"])
def test_scores_of_a_batch_agree(terms, name):
    """So do the scores of many poses, those that see little included."""
    term, pose = terms[0][name], terms[1]
    poses = spread(pose[None], 0.6, 0.5, 50, seed=0)
    torch.testing.assert_close(term.score(poses), term._scores(poses).double(), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", ["semantic", "intensity", "edges"])
def test_a_camera_that_projects_by_itself_takes_the_same_path(terms, name, monkeypatch):
    """Where the loops get pixels instead of a lens, nothing changes."""
    term, pose = terms[0][name], terms[1]
    with_lens = term.linearize(pose)
    monkeypatch.setattr(type(term.camera), "lens", None)
    with_pixels = term.linearize(pose)
    assert with_pixels.value == pytest.approx(with_lens.value, rel=1e-4)
    size = float(with_lens.gradient.abs().max())
    torch.testing.assert_close(with_pixels.gradient, with_lens.gradient, rtol=1e-2, atol=1e-2 * size)
    if name != "edges":
        poses = spread(pose[None], 0.1, 0.1, 20, seed=0)
        torch.testing.assert_close(term.score(poses), term._scores(poses).double(), rtol=1e-3, atol=1e-3)


def test_points_that_overflow_or_lie_behind_count_nowhere(terms):
    """Infinite, huge and negative depths change nothing but the number of points."""
    term, pose = terms[0]["semantic"], terms[1]
    lost = torch.tensor([[float("inf"), 1e30, 0.0], [0.0, -1e30, 0.0], [0.0, 1e30, 0.0]]).to(term.points)
    groups = PointGroups(
        torch.cat([term.groups.index, term.groups.index[:3]]),
        torch.cat([term.groups.share, term.groups.share[:3]]),
        term.groups.count,
    )
    more = replace(term, points=torch.cat([term.points, pose.inverse().apply(lost)], 1), groups=groups)
    assert more.linearize(pose).value == pytest.approx(term.linearize(pose).value, rel=1e-3)
    assert torch.isfinite(more.linearize(pose).gradient).all()


def test_a_point_belongs_to_its_largest_groups():
    """The three largest shares are kept, and what is below a percent or two is noise."""
    membership = torch.tensor([[0.5, 0.2, 0.15, 0.14, 0.01], [0.0, 0.0, 1.0, 0.0, 0.0]])
    groups = PointGroups.from_dense(membership)
    np.testing.assert_allclose(groups.dense[0], [0.5, 0.2, 0.15, 0, 0])
    np.testing.assert_allclose(groups.dense[1], membership[1])
    np.testing.assert_allclose(groups[slice(1, 2)].dense, membership[1:])


def test_where_nothing_is_in_view_nothing_is_said(terms):
    """A pose that looks away has the score of chance, and no slope."""
    term, pose = terms[0]["semantic"], terms[1]
    about = torch.diag(torch.tensor([1.0, -1.0, -1.0])).to(pose.rotation)
    away = RigidTransform(about, torch.zeros(3).to(pose.rotation)) @ pose
    nothing = replace(
        term, points=pose.inverse().apply(torch.full((3, 2), -5.0).to(term.points)), groups=term.groups[:2]
    )
    assert not term.linearize(away).gradient.isnan().any()
    assert float(nothing.linearize(pose).gradient.norm()) == 0


@pytest.mark.parametrize("size", [1e-6, 0.02, 2.0])
def test_a_step_moves_a_pose_as_tensors_do(rig, size):
    """Small turns, where series take over, and large ones."""
    xi = size * np.array([0.3, -0.8, 0.5, 0.1, 0.2, -0.3])
    expected = moved(rig.T_cam_lidar, torch.from_numpy(xi))
    torch.testing.assert_close(stepped(rig.T_cam_lidar, xi).matrix(), expected.matrix(), rtol=0, atol=1e-12)
