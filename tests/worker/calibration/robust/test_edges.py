"""Depth edges on brightness edges: where they lie, and that the right pose lines them up."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from worker.calibration.robust.edges import EdgeAlignment, depth_edges, edge_alignment, image_edges
from worker.calibration.robust.term import moved
from worker.calibration.transforms import RigidTransform


@pytest.fixture(scope="module")
def term(box_and_wall, still) -> EdgeAlignment:
    return edge_alignment(box_and_wall.image, box_and_wall.points, box_and_wall.camera, still, dtype=torch.float64)


def turned(still: RigidTransform, axis: int, deg: float) -> RigidTransform:
    xi = torch.zeros(6, dtype=torch.float64)
    xi[axis] = np.radians(deg)
    return moved(still, xi)


class TestDepthEdges:
    """Where neighbouring beams jump in depth."""

    def test_they_lie_midway_between_the_beams_at_the_nearer_range(self, box_and_wall, still):
        """Left and right edges at a fifth, upper and lower ones at a tenth of the depth, on the box."""
        places, weights = depth_edges(box_and_wall.points, still)
        across, along = np.abs(places[:, :2] / places[:, 2:]).T
        sideways, upright = weights[:, 0] > 0, weights[:, 1] > 0
        half_gap = np.radians(0.25) / 2
        np.testing.assert_allclose(across[sideways], 0.2, atol=2 * half_gap)
        np.testing.assert_allclose(along[upright], 0.1, atol=2 * half_gap)
        np.testing.assert_allclose(places[:, 2], 5, atol=0.05)
        assert abs(across[sideways].mean() - 0.2) < half_gap
        assert abs(along[upright].mean() - 0.1) < half_gap

    def test_each_looks_for_one_kind_of_image_edge(self, box_and_wall, still):
        """A jump to the side has no weight against a horizontal edge, nor the reverse, and both kinds occur."""
        weights = depth_edges(box_and_wall.points, still)[1]
        assert ((weights > 0).sum(1) == 1).all()
        assert (weights > 0).any(0).all()

    def test_it_does_not_matter_how_the_lidar_is_mounted(self, box_and_wall, still):
        """In other axes the same edges are found, seen from the same camera."""
        lidar_from_camera = RigidTransform.from_matrix(
            np.array([[0, 0, 1.0, 2], [-1, 0, 0, 3], [0, -1, 0, -1], [0, 0, 0, 1]])
        )
        points = lidar_from_camera.apply(torch.from_numpy(box_and_wall.points.T).double()).numpy().T
        places, weights = depth_edges(points, lidar_from_camera.inverse())
        expected, expected_weights = depth_edges(box_and_wall.points, still)
        assert len(places) == pytest.approx(len(expected), rel=0.05)
        back = lidar_from_camera.inverse().apply(torch.from_numpy(places.T)).numpy().T
        np.testing.assert_allclose(np.abs(back).mean(0), np.abs(expected).mean(0), atol=0.02)
        np.testing.assert_allclose(weights.sum(0), expected_weights.sum(0), rtol=0.05)

    def test_a_wall_has_none(self, box_and_wall, still):
        """Nor has a plane seen at an angle, nor an empty cloud, and all of them can be scored."""
        wall = box_and_wall.points.copy()
        wall *= 10 / wall[:, 2:]
        slanted = wall / (1 + 0.05 * wall[:, :1])
        for points in (wall, slanted, wall[:0]):
            assert len(depth_edges(points, still)[0]) == 0
            term = edge_alignment(box_and_wall.image, points, box_and_wall.camera, still, dtype=torch.float64)
            at = term.linearize(still)
            assert at.value == 0
            assert not at.gradient.any()

    def test_a_deeper_jump_weighs_more_up_to_a_limit(self, box_and_wall, still):
        """A metre weighs less than three, and twenty no more than five."""
        box = box_and_wall.points[:, 2] < 7
        weight = {}
        for depth in (6.5, 10.0, 25.0):
            points = box_and_wall.points * np.where(box, 1, depth / 10)[:, None].astype(np.float32)
            weight[depth] = depth_edges(points, still)[1].max()
        assert weight[6.5] < 0.9 * weight[10.0]
        assert weight[25.0] == weight[10.0]


class TestImageEdges:
    """Strength of brightness edges."""

    def test_each_kind_shows_where_it_runs(self, box_and_wall):
        """The box's sides are vertical edges, its top and bottom horizontal ones."""
        vertical, horizontal = np.moveaxis(image_edges(box_and_wall.image), -1, 0)
        assert vertical[40, 80] > 0.3 > 0 > vertical[40, 60]
        assert horizontal[30, 60] > 0.3 > 0 > horizontal[40, 60]
        assert horizontal[40, 80] < 0.1 > vertical[30, 60]

    def test_they_attract_over_some_pixels(self, box_and_wall):
        """Strength falls off with the distance from the edge."""
        vertical = image_edges(box_and_wall.image)[..., 0]
        assert (np.diff(vertical[40, 82:89]) < 0).all()

    def test_shade_counts_as_much_as_sun(self, box_and_wall):
        """Half the light leaves the strengths about as they were."""
        bright, dark = image_edges(box_and_wall.image), image_edges(box_and_wall.image // 2)
        np.testing.assert_allclose(dark, bright, atol=0.15)

    def test_an_even_image_has_none(self):
        """Without contrast there is no strength."""
        assert not image_edges(np.full((60, 80, 3), 128, np.uint8)).round(6).any()


class TestAlignment:
    """The term over poses."""

    @pytest.mark.parametrize("axis", [0, 1])
    def test_it_peaks_at_the_true_pose(self, term, still, axis):
        """Among turns up to three degrees the best one is within half a pixel of none."""
        degrees = np.linspace(-3, 3, 61)
        values = [term.linearize(turned(still, axis, deg)).value for deg in degrees]
        assert abs(degrees[np.argmax(values)]) < 0.35
        assert max(values) > 1.2 * max(values[0], values[-1])

    @pytest.mark.parametrize("axis", [0, 1])
    @pytest.mark.parametrize("deg", [-1.0, 1.0])
    def test_the_gradient_leads_back(self, term, still, axis, deg):
        """Turned too far one way, it points the other way."""
        assert term.linearize(turned(still, axis, deg)).gradient[axis] * deg < 0

    def test_the_gradient_is_that_of_the_value(self, rig, central_differences):
        """Analytic derivatives agree with central differences on a street."""
        term = rig.cues().edge_term(rig.T_cam_lidar)
        pose = rig.disturbed((0.3, -0.2, 0.3), (0.02, 0.01, 0.03))
        numeric = central_differences(lambda p: term.linearize(p).value, pose)
        torch.testing.assert_close(term.linearize(pose).gradient, numeric, rtol=1e-3, atol=1e-4)

    def test_the_quick_score_is_close_to_the_exact_one(self, term, still):
        """Strengths of the nearest pixels, for a batch of poses, tell about the same."""
        poses = [turned(still, 1, deg) for deg in (-2.0, 0.0, 2.0)]
        batch = RigidTransform(torch.stack([p.rotation for p in poses]), torch.stack([p.translation for p in poses]))
        np.testing.assert_allclose(term.score(batch), [term.linearize(p).value for p in poses], atol=0.12)

    def test_edges_out_of_view_speak_for_nothing(self, term, still):
        """Hidden, they leave neither strength nor numbers that are none."""
        behind = replace(term, points=-term.points)
        at = behind.linearize(still)
        assert at.value == 0
        assert not at.gradient.any()
        assert torch.isfinite(at.information).all()

    def test_it_needs_an_image(self, rig):
        """A frame of labels alone has no such cue."""
        assert replace(rig.cues(), image=None).edge_term(rig.T_cam_lidar) is None
