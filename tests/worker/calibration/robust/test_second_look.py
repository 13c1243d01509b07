"""A second look: it returns to what was passed by, and to nothing that is the same answer."""

import math
from dataclasses import replace

import pytest
import torch

from worker.calibration.config import CalibrationConfig, Prior
from worker.calibration.progress import silent
from worker.calibration.robust.estimate import estimate
from worker.calibration.robust.second_look import SecondLook
from worker.calibration.robust.settings import RobustSettings
from worker.calibration.transforms import rotation_angle_rad

LOOK = SecondLook(count=512, radius_deg=3.0)


def apart_deg(a, b) -> float:
    return math.degrees(float(rotation_angle_rad(a.rotation.double() @ b.rotation.double().mT)))


def test_from_a_wrong_place_the_right_one_is_among_the_best(rig):
    """Two degrees off, one of the places is the truth's hill."""
    wrong = rig.disturbed((1.2, -1.2, 1.0))
    places = LOOK.places(rig.objective(0), wrong, seed=0)
    assert min(apart_deg(place, rig.T_cam_lidar) for place in places) < 0.6


def test_places_are_other_answers(rig):
    """None lies within a degree of the estimate or of another, nor beyond the corners of the box."""
    places = LOOK.places(rig.objective(0, 1), rig.T_cam_lidar, seed=1)
    assert len(places) == LOOK.num_places
    for index, place in enumerate(places):
        assert LOOK.apart_deg < apart_deg(place, rig.T_cam_lidar) < LOOK.radius_deg * 1.8
        assert all(apart_deg(place, other) > LOOK.apart_deg * 0.999 for other in places[:index])


def test_a_cue_without_weight_does_not_count(rig):
    """Places are ranked by the cues that the objective weighs."""
    objective = rig.objective(0)
    edges_alone = objective.with_weights({"edges": 1.0})
    without = replace(objective, weights={**objective.weights, "edges": 0.0})
    ranked = [LOOK.places(o, rig.disturbed((1.2, -1.2, 1.0)), seed=0)[0] for o in (objective, edges_alone, without)]
    assert len({place.rotation.numpy().tobytes() for place in ranked}) > 1
    wrong = rig.disturbed((1.2, -1.2, 1.0))
    dropped = [replace(f, terms={n: t for n, t in f.terms.items() if n != "edges"}) for f in objective.frames]
    same = LOOK.places(replace(objective, frames=tuple(dropped)), wrong, seed=0)
    torch.testing.assert_close(same[0].rotation, ranked[2].rotation)


def test_a_sweep_without_depth_edges_is_looked_at_too(rig):
    """What has no points counts nothing."""
    objective = rig.objective(0)
    edges = objective.frames[0].terms["edges"]
    none = replace(edges, points=edges.points[:, :0], weights=edges.weights[:0])
    frame = replace(objective.frames[0], terms={**objective.frames[0].terms, "edges": none})
    assert LOOK.places(replace(objective, frames=(frame,)), rig.T_cam_lidar, seed=0)


@pytest.mark.parametrize("radius_deg", [0.0, 0.5])
def test_within_a_narrow_prior_there_is_no_other_answer(rig, radius_deg):
    """A box that ends before a degree holds the estimate alone."""
    assert LOOK.places(rig.objective(0), rig.T_cam_lidar, 0) != []
    assert SecondLook(64, radius_deg).places(rig.objective(0), rig.T_cam_lidar, 0) == []


def test_the_estimate_takes_what_the_second_look_found(rig):
    """A search with a single, wrong basin ends beside the truth without it, and in the truth with it."""
    start = rig.disturbed((1.5, -1.3, 1.2)).to(torch.float32)
    cues = [rig.cues(0, torch.float32)]
    settings = RobustSettings(num_candidates=2, num_basins=1, num_finalists=1, num_second_looks=0)
    config = CalibrationConfig(prior=Prior(4, 0.05), robust=settings)
    alone = estimate(cues, [1.0], start, config, silent)
    looked = estimate(cues, [1.0], start, replace(config, robust=replace(settings, num_second_looks=512)), silent)
    assert len(alone.finalists) == 1
    assert len(looked.finalists) > 1
    assert looked.best.at.value >= alone.best.at.value - 1
    assert apart_deg(looked.best.T_cam_lidar, rig.T_cam_lidar) < 0.5
