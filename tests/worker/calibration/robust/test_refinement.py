"""The climb: never downwards, and up to the truth from nearby."""

import math
from dataclasses import replace

import pytest
import torch

from worker.calibration.robust.objective import RobustObjective
from worker.calibration.robust.refinement import ascend
from worker.calibration.robust.term import moved
from worker.calibration.transforms import RigidTransform, rotation_angle_rad


@pytest.fixture(scope="module")
def objective(rig) -> RobustObjective:
    return rig.objective(1, 2)


def error_deg(found: RigidTransform, truth: RigidTransform) -> float:
    return math.degrees(float(rotation_angle_rad(found.rotation @ truth.rotation.mT)))


@pytest.mark.parametrize("turn", [(0.6, -0.6, 0.6), (-0.7, 0.6, 0.5), (-0.5, -0.6, -0.7)])
def test_a_known_perturbation_is_undone(rig, objective, turn):
    """From a degree away on any side it ends within two tenths of one."""
    start = rig.disturbed(turn, (0.03, -0.03, 0.03))
    found = ascend(objective, start, 25)
    assert error_deg(found.T_cam_lidar, rig.T_cam_lidar) < 0.2 < 0.9 < error_deg(start, rig.T_cam_lidar)


def test_it_never_steps_down(rig, objective):
    """From a start ten degrees off, too far to find home, every step taken still is a better one."""
    start = rig.disturbed((6.0, -6.0, 6.0), (0.2, 0.2, -0.2))
    found = ascend(objective, start, 30)
    assert len(found.history) > 3
    assert list(found.history) == sorted(found.history)
    assert found.history[0] == objective(start).value
    assert found.history[-1] == found.at.value == objective(found.T_cam_lidar).value


def test_the_top_is_where_no_step_helps(rig, objective):
    """Where the climb ended, small moves along every direction lose."""
    top = ascend(objective, rig.disturbed((0.5, 0.5, 0.5)), 60)
    assert ascend(objective, top.T_cam_lidar, 30).at.value - top.at.value < 0.05
    for sign in (-1, 1):
        for axis in range(6):
            xi = torch.zeros(6, dtype=torch.float64)
            xi[axis] = sign * (math.radians(0.3) if axis < 3 else 0.1)
            assert objective(moved(top.T_cam_lidar, xi)).value < top.at.value


def test_no_steps_leave_the_start(rig, objective):
    """A climb of no step ends where it began."""
    found = ascend(objective, rig.T_cam_lidar, 0)
    torch.testing.assert_close(found.T_cam_lidar.matrix(), rig.T_cam_lidar.matrix())
    assert found.history == (found.at.value,)


def test_without_evidence_the_prior_leads_home(rig, objective):
    """With frames that do not count, the initial extrinsic is the top."""
    unheard = replace(objective, observations=0.0)
    found = ascend(unheard, rig.disturbed((3, -2, 1), (0.1, 0, 0)), 50)
    assert error_deg(found.T_cam_lidar, rig.T_cam_lidar) < 0.01
    torch.testing.assert_close(found.T_cam_lidar.center(), rig.T_cam_lidar.center(), rtol=0, atol=1e-3)
