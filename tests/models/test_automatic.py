"""What `auto` chooses, and why."""

import dataclasses

import numpy as np
import pytest

from models.automatic import choose_cloud_model, choose_image_model
from models.catalogue import CATALOGUE, get_entry
from models.sensor import sensor_traits
from models.settings import StoreSettings
from worker.scenes import LidarConfig, SceneConfig, generate
from worker.scenes.lidar import sweep

LEARNED = "mininet3d_tiny_semantickitti"


def cloud_of(lidar: LidarConfig) -> np.ndarray:
    """Render one sweep of a street, (N, 4) float32."""
    turn = sweep(generate(1, 0, SceneConfig(lidar=lidar)))
    return np.concatenate([turn.points, turn.intensity[..., None]], -1)[turn.returned].astype(np.float32)


@pytest.fixture(scope="module")
def hdl_64e() -> np.ndarray:
    """Return a sweep of the sensor that the learned network knows."""
    return cloud_of(LidarConfig(azimuth_step_deg=0.4))


@pytest.fixture
def stocked(tmp_path) -> StoreSettings:
    """Return settings of a store that has the files of every network; what they hold is not looked at."""
    for entry in CATALOGUE.values():
        for file in entry.files:
            path = tmp_path / "mirror" / entry.name / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    return StoreSettings(models_mirror=str(tmp_path / "mirror"), models_dir=tmp_path / "store")


@pytest.fixture
def empty(tmp_path) -> StoreSettings:
    """Return settings of an empty store without a mirror."""
    return StoreSettings(models_mirror=None, models_dir=tmp_path)


class TestClouds:
    """The learned network takes clouds like those it was trained on, `geometric` all others."""

    def test_the_sensor_it_was_trained_with(self, hdl_64e, stocked):
        """Height, elevations, beams and intensities fit."""
        choice = choose_cloud_model(hdl_64e, stocked)
        assert choice.name == LEARNED
        assert "HDL-64E" in choice.reason

    def test_without_its_weights(self, hdl_64e, empty):
        """The reason tells how to get them; nothing is downloaded."""
        choice = choose_cloud_model(hdl_64e, empty)
        assert choice.name == "geometric"
        assert f"semalign models show {LEARNED}" in choice.reason

    @pytest.mark.parametrize(
        ("lidar", "word"),
        [
            (LidarConfig(num_beams=32, azimuth_step_deg=0.4), "beams about 0.9 degrees apart"),
            (LidarConfig(num_beams=128, azimuth_step_deg=0.8), "beams about 0.2 degrees apart"),
            (LidarConfig(elevation_top_deg=15, elevation_bottom_deg=-15, azimuth_step_deg=0.4), "of elevation"),
            (LidarConfig(height_m=3.2, azimuth_step_deg=0.4), "3.2 m above the ground"),
        ],
        ids=["32 beams", "128 beams", "other elevations", "on a truck"],
    )
    def test_another_sensor(self, stocked, lidar, word):
        """The reason names what differs."""
        choice = choose_cloud_model(cloud_of(lidar), stocked)
        assert choice.name == "geometric"
        assert word in choice.reason

    def test_vehicle_frame(self, hdl_64e, stocked):
        """The same sensor, with the origin on the ground, is another input to a network."""
        choice = choose_cloud_model(hdl_64e + np.array([1.4, 0, 1.73, 0], np.float32), stocked)
        assert choice.name == "geometric"
        assert "above the ground" in choice.reason

    @pytest.mark.parametrize(("scale", "word"), [(0, "has no intensities"), (255, "intensities up to 25")])
    def test_other_intensities(self, hdl_64e, stocked, scale, word):
        """None, or in other units."""
        choice = choose_cloud_model(hdl_64e * np.array([1, 1, 1, scale], np.float32), stocked)
        assert choice.name == "geometric"
        assert word in choice.reason

    @pytest.mark.parametrize("count", [0, 3, 4000])
    def test_no_ground(self, stocked, count):
        """Nothing can be told of such a sensor, and `geometric` will leave it unlabeled."""
        points = np.random.default_rng(0).uniform(-20, 20, (count, 4)).astype(np.float32)
        assert choose_cloud_model(points, stocked).name == "geometric"

    @pytest.mark.parametrize(
        ("frames", "name"),
        [
            ("kitti*", LEARNED),
            ("waymo*", "geometric"),
            ("nuscenes*", "geometric"),
            ("opencalib*", "geometric"),
            ("rellis*", "geometric"),
        ],
    )
    def test_real_sweeps(self, test_data, stocked, frames, name):
        """Every frame of every data set."""
        folders = sorted(test_data.glob(f"{frames}/cloud.bin"))
        assert folders
        clouds = [np.fromfile(path, "<f4").reshape(-1, 4) for path in folders]
        assert {choose_cloud_model(cloud, stocked).name for cloud in clouds} == {name}


class TestImages:
    """A network that saw real images goes before one that comes with the package."""

    def test_pretrained(self, stocked):
        """Where its files are on this machine."""
        assert choose_image_model(stocked).name == "espnetv2_s2_cityscapes"

    def test_embedded(self, empty):
        """The reason says what would be better, and how to get it."""
        choice = choose_image_model(empty)
        assert get_entry(choice.name).modality == "image"
        assert "semalign models show espnetv2_s2_cityscapes" in choice.reason


class TestTraits:
    """What a cloud tells of its sensor."""

    def test_of_a_known_sensor(self, hdl_64e):
        """As it was rendered."""
        traits = sensor_traits(hdl_64e)
        assert traits is not None
        assert traits.height_m == pytest.approx(1.73, abs=0.15)
        assert traits.tilt_deg < 3
        assert traits.lowest_deg == pytest.approx(-24.8, abs=1)
        assert traits.beam_spacing_deg == pytest.approx(26.8 / 63, abs=0.05)

    def test_returns_from_nowhere_do_no_harm(self, hdl_64e):
        """A few absurd coordinates change nothing."""
        absurd = np.array([[1e30, -1e30, 1e30, 0.5], [0, 1e7, 0, 0.5]], np.float32)
        assert sensor_traits(np.concatenate([absurd, hdl_64e])) == sensor_traits(hdl_64e)

    def test_they_do_not_depend_on_the_order_of_points(self, hdl_64e):
        """Files keep beams in any order, or in none."""
        shuffled = np.random.default_rng(0).permutation(hdl_64e)
        first, again = sensor_traits(hdl_64e), sensor_traits(shuffled)
        assert first is not None
        assert again is not None
        for field in dataclasses.fields(first):
            np.testing.assert_allclose(getattr(first, field.name), getattr(again, field.name), atol=0.3)
