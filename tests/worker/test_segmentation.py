"""The segmentation stage: classes from networks or from what the caller uploaded."""

import numpy as np
import pytest

from models import ModelError, Segmentation
from models.label_sets import CITYSCAPES, SEMANTIC_KITTI
from worker.inputs.cloud import clean_cloud
from worker.segmentation import (
    InputFrame,
    LabelSource,
    ModelCache,
    class_table,
    cloud_source,
    image_source,
    labelled_frame,
    segment_cloud,
    segment_image,
    with_intensity,
)

IMAGE = np.zeros((4, 6, 3), np.uint8)
CLOUD = clean_cloud(np.array([[1.0, 2, 3], [4, 5, 6]]), np.array([0.25, 0.5]))


def uploaded(**labels: np.ndarray) -> InputFrame:
    return InputFrame(IMAGE, CLOUD, **labels)


def test_uploaded_labels_are_taken_as_they_are():
    """Ids stay, their names come from the map, and there are no probabilities."""
    frame = uploaded(image_labels=np.full((4, 6), 7, np.uint16), point_labels=np.array([3, 300], np.uint16))
    image = segment_image(frame, LabelSource(label_map={7: "car"}), ModelCache())
    cloud = segment_cloud(frame, LabelSource(label_map={3: "road"}), ModelCache())
    assert image.labels is frame.image_labels
    assert image.class_names == {7: "car"}
    assert cloud.labels is frame.point_labels
    assert image.scores is cloud.scores is None


def test_classes_from_nowhere_are_a_mistake_of_the_program():
    """Neither a network nor labels: requests are checked before they come here."""
    with pytest.raises(ValueError, match="neither a network nor labels"):
        segment_image(uploaded(), LabelSource(label_map={7: "car"}), ModelCache())


def test_a_network_that_does_not_exist():
    """The name is part of the sentence."""
    for segment in (segment_image, segment_cloud):
        with pytest.raises(ModelError, match="nonesuch"):
            segment(uploaded(), LabelSource(model="nonesuch"), ModelCache())


def test_a_source_says_what_it_is():
    """Results tell where the classes came from."""
    assert LabelSource(model="espnetv2").describe() == {"source": "network", "name": "espnetv2"}
    assert LabelSource(label_map={1: "car"}).describe() == {"source": "uploaded labels"}


class TestSources:
    """Where classes come from, settled from what the caller named and sent."""

    def test_a_named_network_goes_before_everything(self):
        """Nothing is chosen for those who know what they want."""
        assert image_source("mine", None, [uploaded()]) == LabelSource(model="mine")
        assert cloud_source("mine", None, [uploaded()]) == LabelSource(model="mine")

    def test_uploaded_labels(self):
        """They are taken where no network is named."""
        labels = uploaded(image_labels=np.zeros((4, 6), np.uint8), point_labels=np.zeros(2, np.uint8))
        assert image_source(None, {0: "road"}, [labels]) == LabelSource(label_map={0: "road"})
        assert cloud_source(None, {0: "road"}, [labels]) == LabelSource(label_map={0: "road"})

    @pytest.mark.parametrize("named", [None, "auto"])
    def test_otherwise_auto_chooses_and_says_why(self, named, tmp_path, monkeypatch):
        """The result carries the choice and its reason; two points are no known sensor."""
        monkeypatch.delenv("SEMALIGN_MODELS_MIRROR", raising=False)
        monkeypatch.setenv("SEMALIGN_MODELS_DIR", str(tmp_path))
        cloud = cloud_source(named, None, [uploaded()]).describe()
        image = image_source(named, None, [uploaded()]).describe()
        assert cloud["name"] == "geometric"
        assert "No ground was found" in cloud["reason"]
        assert "semalign models show espnetv2_s2_cityscapes" in image["reason"]


class TestPoints:
    """Clouds as networks take them."""

    def test_intensity_is_the_fourth_column(self):
        """In float32."""
        rows = with_intensity(CLOUD)
        assert rows.dtype == np.float32
        assert rows.tolist() == [[1, 2, 3, 0.25], [4, 5, 6, 0.5]]

    def test_a_cloud_without_intensity_gets_zeros(self):
        """Networks still have four columns to read."""
        assert with_intensity(clean_cloud(np.array([[1.0, 2, 3]]), None)).tolist() == [[1, 2, 3, 0]]


class TestClassTable:
    """Native names meet under common ones."""

    @pytest.mark.parametrize("name", ["car", "road", "sidewalk", "building", "vegetation", "pole", "traffic-sign"])
    def test_both_networks_meet(self, name):
        """Every class that the calibration may align is found in both label sets."""
        assert class_table(CITYSCAPES).ids_of(name)
        assert class_table(SEMANTIC_KITTI).ids_of(name)

    def test_native_names_are_kept(self):
        """The table knows both what the network said and what is meant."""
        table = class_table({4: "Moving-Car", 9: "Traffic Sign"})
        assert table.native == {4: "Moving-Car", 9: "Traffic Sign"}
        assert table.common == {4: "car", 9: "traffic-sign"}

    def test_unknown_names_stand_for_themselves(self):
        """A caller may align classes nobody else has heard of, in any case."""
        assert class_table({1: "Crane"}).ids_of("crane") == [1]


def test_a_frame_joins_both_segmentations():
    """Labels, classes and probabilities of both modalities, the finite points, and the name."""
    image = Segmentation(np.ones((4, 6), np.uint8), {1: "road"}, np.ones((2, 4, 6), np.float16))
    cloud = Segmentation(np.array([3, 4], np.uint8), {3: "car"}, np.ones((2, 2), np.float16))
    frame = labelled_frame(InputFrame(IMAGE, CLOUD, name="frame 3"), image, cloud)
    assert frame.name == "frame 3"
    assert frame.image_labels is image.labels
    assert frame.point_labels is cloud.labels
    assert frame.points is CLOUD.points
    assert frame.image_scores is image.scores
    assert frame.point_scores is cloud.scores
    assert frame.image_classes.ids_of("road") == [1]
    assert frame.point_classes.ids_of("car") == [3]


def test_networks_are_loaded_once(models_mirror):
    """A process that serves many jobs keeps each network it was asked for."""
    models = ModelCache()
    assert models.image_model("espnetv2_s2_cityscapes") is models.image_model("espnetv2_s2_cityscapes")
    assert models.cloud_model("mininet3d_tiny_semantickitti") is models.cloud_model("mininet3d_tiny_semantickitti")


def test_networks_label_every_pixel_and_point(models_mirror, street):
    """At the image's own size and in the order of the points."""
    frame = InputFrame(street.image, clean_cloud(street.sweep[0], None))
    models = ModelCache()
    image = segment_image(frame, LabelSource(model="espnetv2_s2_cityscapes"), models)
    cloud = segment_cloud(frame, LabelSource(model="mininet3d_tiny_semantickitti"), models)
    assert image.labels.shape == (188, 620)
    assert cloud.labels.shape == (len(street.sweep[0]),)
    joined = labelled_frame(frame, image, cloud)
    assert joined.image_scores.shape[0] == len(image.class_names)
    assert joined.point_scores.shape == (len(street.sweep[0]), len(cloud.class_names))
