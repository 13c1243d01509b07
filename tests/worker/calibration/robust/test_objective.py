"""The objective as a log-likelihood with a prior: exact gradients, additive frames, held directions."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from worker.calibration.config import CalibrationConfig, Prior
from worker.calibration.robust.estimate import gaussian_prior
from worker.calibration.robust.objective import GaussianPrior, RobustObjective
from worker.calibration.robust.refinement import ascend
from worker.calibration.robust.term import moved


@pytest.fixture(scope="module")
def objective(rig) -> RobustObjective:
    return rig.objective(0, 1)


class TestObjective:
    """Evidence of all frames and the caller's belief."""

    def test_the_gradient_is_that_of_the_value(self, rig, objective, central_differences):
        """All cues of two frames together with the prior, some tenths of a degree from what the caller believes."""
        pose = rig.disturbed((0.3, -0.4, 0.2), (0.03, -0.02, 0.04))
        numeric = central_differences(lambda p: objective(p).value, pose)
        torch.testing.assert_close(objective(pose).gradient, numeric, rtol=0.01, atol=0.002 * float(numeric.norm()))

    def test_frames_add_up(self, rig, objective):
        """The evidence of two frames is that of each, times its weight."""
        first, second = (objective.only(frame).evidence(rig.T_cam_lidar) for frame in objective.frames)
        both = objective.with_frame_weights([1.0, 0.5]).evidence(rig.T_cam_lidar)
        assert both.value == pytest.approx(first.value + 0.5 * second.value)
        torch.testing.assert_close(both.gradient, first.gradient + 0.5 * second.gradient)
        torch.testing.assert_close(both.information, first.information + 0.5 * second.information)

    def test_cues_can_be_left_out(self, rig, objective):
        """One that has no weight does not count, and those alone add up to all."""
        weights = objective.weights
        alone = [objective.with_weights({name: weights[name]}).evidence(rig.T_cam_lidar).value for name in weights]
        assert all(alone)
        assert sum(alone) == pytest.approx(objective.evidence(rig.T_cam_lidar).value)
        silent = objective.with_weights({**weights, "edges": 0.0}).evidence(rig.T_cam_lidar).value
        assert silent == pytest.approx(alone[0] + alone[1])

    def test_at_the_initial_extrinsic_the_prior_only_adds_information(self, rig, objective):
        """It costs nothing there and pulls nowhere."""
        at, evidence = objective(rig.T_cam_lidar), objective.evidence(rig.T_cam_lidar)
        assert at.value == pytest.approx(evidence.value)
        torch.testing.assert_close(at.gradient, evidence.gradient)
        added = (at.information - evidence.information).diagonal()
        np.testing.assert_allclose(added, objective.prior.precision)


class TestPrior:
    """What the caller believes."""

    def test_the_deviation_is_the_way_from_the_initial_extrinsic(self, rig):
        """It undoes what `moved` does."""
        prior = GaussianPrior(rig.T_cam_lidar, 0.1, 0.1)
        xi = torch.tensor([0.02, -0.03, 0.01, 0.1, -0.2, 0.3], dtype=torch.float64)
        np.testing.assert_allclose(prior.deviation(moved(rig.T_cam_lidar, xi)), xi, atol=1e-12)

    def test_bounds_become_the_deviation_of_a_uniform_distribution(self, rig):
        """Ten degrees either way are 5.8 degrees of standard deviation."""
        prior = gaussian_prior(rig.T_cam_lidar, CalibrationConfig(prior=Prior(10, 0.3)))
        assert math.degrees(prior.rotation_sigma_rad) == pytest.approx(10 / math.sqrt(3))
        assert prior.center_sigma_m == pytest.approx(0.3 / math.sqrt(3))

    def test_nobody_knows_an_extrinsic_exactly(self, rig):
        """A caller who states no room still gets a little, unless the translation is held."""
        config = CalibrationConfig(prior=Prior(0, 0))
        prior = gaussian_prior(rig.T_cam_lidar, config)
        assert 0.1 < math.degrees(prior.rotation_sigma_rad) < 1
        assert 0.001 < prior.center_sigma_m < 0.02
        assert gaussian_prior(rig.T_cam_lidar, replace(config, hold_translation=True)).center_sigma_m < 1e-4

    def test_it_holds_a_translation(self, rig):
        """With no room for the centre the climb turns the camera and leaves its centre where it was."""
        start = rig.disturbed((0.4, -0.4, 0.4), (0.03, 0.03, 0.03))
        free = rig.objective(0)
        held = replace(free, prior=replace(free.prior, initial=start, center_sigma_m=1e-5))
        end = ascend(held, start, 20).T_cam_lidar
        torch.testing.assert_close(end.center(), start.center(), rtol=0, atol=1e-5)
        assert (end.rotation - start.rotation).norm() > 0.005
        assert (ascend(free, start, 20).T_cam_lidar.center() - start.center()).norm() > 0.005
