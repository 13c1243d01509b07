"""Frames of the benchmark: read from folders, labelled by files or by networks whose answers are kept."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from worker.bench.frames import SegmentationCache, load_bench_frame
from worker.inputs import InputError
from worker.inputs.frame_folder import FrameFolder

MODELS = {"image_model": "espnetv2_s2_cityscapes", "cloud_model": "mininet3d_tiny_semantickitti"}


@pytest.fixture
def folder(tmp_path, write_frame_folder) -> FrameFolder:
    return FrameFolder(write_frame_folder(tmp_path / "data" / "street_000000"))


def load(folder: FrameFolder, labels: Path | None, cache: SegmentationCache | None = None, **models: str | None):
    names = {"image_model": None, "cloud_model": None} | models
    return load_bench_frame(folder, cache or SegmentationCache(None), labels=labels, **names)


class TestLabels:
    """Label files take the place of networks."""

    def test_a_frame_with_its_own_labels(self, folder, street):
        """Image, cloud, camera, truth and the classes of both modalities come from the folder."""
        bench = load(folder, folder.path.parent)
        points, labels = street.sweep
        assert bench.frame.name == "street_000000"
        assert (bench.camera.width, bench.camera.height) == (620, 188)
        np.testing.assert_allclose(bench.camera.K, street.camera.K)
        np.testing.assert_allclose(bench.T_cam_lidar, street.T_cam_lidar, atol=1e-12)
        np.testing.assert_array_equal(bench.image, street.image)
        np.testing.assert_array_equal(bench.frame.image_labels, street.image_labels)
        np.testing.assert_array_equal(bench.frame.points, points)
        np.testing.assert_array_equal(bench.frame.point_labels, labels)
        assert bench.frame.image_classes.ids_of("car") == [4]
        assert bench.frame.point_classes.ids_of("car") == [14]
        assert bench.segmentation_seconds == 0

    def test_labels_of_dropped_points_are_dropped_with_them(self, folder, street):
        """A point without a measurement does not shift the labels of those after it."""
        rows = np.fromfile(folder.path / "cloud.bin", "<f4").reshape(-1, 4)
        rows[5, :3] = np.nan
        rows.tofile(folder.path / "cloud.bin")
        bench = load(folder, folder.path.parent)
        np.testing.assert_array_equal(bench.frame.point_labels, np.delete(street.sweep[1], 5))
        np.testing.assert_array_equal(bench.frame.points, np.delete(street.sweep[0], 5, axis=0))

    def test_labels_from_another_folder(self, folder, street, tmp_path, write_frame_folder):
        """`--labels DIR` means `DIR/<frame>`, so that the same frames can be measured with other labels."""
        elsewhere = write_frame_folder(tmp_path / "labels" / folder.name)
        Image.fromarray(np.zeros((188, 620), np.uint8)).save(elsewhere / "image_labels.png")
        assert not load(folder, elsewhere.parent).frame.image_labels.any()
        assert load(folder, folder.path.parent).frame.image_labels.any()

    def test_ids_without_names_are_those_of_the_data_sets(self, folder, street):
        """Where the folder does not say, pixels carry Cityscapes train ids and points SemanticKITTI's raw ids."""
        for name in ("image_classes.json", "point_classes.json"):
            (folder.path / name).unlink()
        np.full(len(street.sweep[0]), 252, "<u4").tofile(folder.path / "labels.label")
        Image.fromarray(np.full((188, 620), 13, np.uint8)).save(folder.path / "image_labels.png")
        frame = load(folder, folder.path.parent).frame
        assert np.isin(frame.image_labels, frame.image_classes.ids_of("car")).all()
        assert np.isin(frame.point_labels, frame.point_classes.ids_of("car")).all()

    @pytest.mark.parametrize("name", ["image_labels.png", "labels.label"])
    def test_missing_labels(self, folder, name):
        """The folder that lacks them is named."""
        (folder.path / name).unlink()
        with pytest.raises(InputError, match=r"street_000000 lacks image_labels\.png or labels\.label"):
            load(folder, folder.path.parent)

    def test_labels_of_another_size(self, folder):
        """A label image that does not cover the image is refused with both sizes."""
        Image.fromarray(np.zeros((10, 20), np.uint8)).save(folder.path / "image_labels.png")
        with pytest.raises(InputError, match="20x10 pixels, the camera image 620x188"):
            load(folder, folder.path.parent)

    def test_neither_labels_nor_networks(self, folder):
        """The benchmark does not choose a network by itself."""
        with pytest.raises(InputError, match="--labels"):
            load(folder, None, image_model="espnetv2_s2_cityscapes")


class TestNetworks:
    """What networks said is kept, keyed by weights and input."""

    def test_a_second_run_reads_what_the_first_one_kept(self, models_mirror, folder, tmp_path, monkeypatch):
        """Labels, scores, names and seconds are the same, though the weights are gone by then."""
        first = load(folder, None, SegmentationCache(tmp_path / "cache"), **MODELS)
        stored = sorted((tmp_path / "cache").rglob("*.npz"))
        assert len(stored) == 2
        monkeypatch.setenv("SEMALIGN_MODELS_MIRROR", str(tmp_path / "nothing"))
        monkeypatch.setenv("SEMALIGN_MODELS_DIR", str(tmp_path / "nothing"))
        again = load(folder, None, SegmentationCache(tmp_path / "cache"), **MODELS)
        assert first.segmentation_seconds == again.segmentation_seconds > 0
        for name in ("image_labels", "point_labels", "image_scores", "point_scores"):
            np.testing.assert_array_equal(getattr(first.frame, name), getattr(again.frame, name))
        assert first.frame.image_classes == again.frame.image_classes
        assert first.frame.point_classes == again.frame.point_classes

    def test_another_input_is_segmented_anew(self, models_mirror, folder, tmp_path):
        """A changed image has a key of its own; the unchanged cloud is read from what was kept."""
        load(folder, None, SegmentationCache(tmp_path / "cache"), **MODELS)
        image = np.array(Image.open(folder.path / "image.png"))
        image[0, 0] ^= 1
        Image.fromarray(image).save(folder.path / "image.png")
        load(FrameFolder(folder.path), None, SegmentationCache(tmp_path / "cache"), **MODELS)
        kept = [path.parent.name for path in (tmp_path / "cache").rglob("*.npz")]
        assert sorted(kept) == ["espnetv2_s2_cityscapes"] * 2 + ["mininet3d_tiny_semantickitti"]

    def test_without_a_folder_nothing_is_kept(self, models_mirror, folder, tmp_path, monkeypatch):
        """No file appears anywhere."""
        monkeypatch.chdir(tmp_path)
        before = sorted(tmp_path.rglob("*"))
        load(folder, None, SegmentationCache(None), **MODELS)
        assert sorted(tmp_path.rglob("*")) == before
