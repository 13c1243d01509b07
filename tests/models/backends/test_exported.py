"""Networks in ONNX and TorchScript files, fed and read as their cards say."""

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper
from tiny_networks import ByColour, ByHeight, float_value, image_onnx, points_onnx, trace, write_onnx

from models.backends.exported import image_array, load_cloud_network, load_image_network
from models.backends.scored import ScoredCloudSegmenter, ScoredImageSegmenter
from models.cards.card import ExportedNetwork
from models.cards.tensors import ImageInput
from models.errors import NetworkFailedError

NAMES = {0: "red", 1: "green", 2: "blue"}
# Left third red, middle third green, right third blue.
STRIPES = np.repeat(np.eye(3, dtype=np.uint8)[None] * 255, 24, axis=0).repeat(20, axis=1)
POINTS = np.array([[9, 1, 0, 0.5], [1, 9, 2, 0.5], [1, 2, 9, 0.5], [8, 2, 1, 0]], np.float32)


class Refusing(torch.nn.Module):
    """A script that raises an error of its own."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Refuse every image."""
        if image.numel() < 10**9:
            raise ValueError("the image is too small")
        return image


def network(format_: str, kind: str = "image", output: dict | None = None, **takes: object) -> ExportedNetwork:
    """Return the part of a card that says how to run a network."""
    return ExportedNetwork.model_validate(
        {"format": format_, "file": "net", "input": {"kind": kind, **takes}, "output": output or {}}
    )


def segment_stripes(spec: ExportedNetwork, path) -> np.ndarray:
    """Return what a network says about the stripes."""
    return ScoredImageSegmenter("net", NAMES, load_image_network(spec, path, "cpu")).segment(STRIPES)


class TestImages:
    """An image in, scores out."""

    @pytest.mark.parametrize("format_", ["onnx", "torchscript"])
    def test_every_pixel_gets_its_class(self, tmp_path, format_):
        """At the image's own size, with probabilities on half of it."""
        path = tmp_path / "net"
        _ = image_onnx(path) if format_ == "onnx" else trace(ByColour(), torch.zeros(1, 3, 8, 8), path)
        said = segment_stripes(network(format_), path)
        assert said.labels.shape == (24, 60)
        assert (said.labels == np.repeat([0, 1, 2], 20)).all()
        assert said.scores.shape[1:] == (12, 30)
        assert said.scores.dtype == np.float16
        assert said.scores.sum(0) == pytest.approx(1, abs=2e-3)
        assert said.scores[0, :, :9].min() > 0.99

    def test_an_image_is_stretched_to_a_fixed_size_and_back(self, tmp_path):
        """Labels come at the size of the image, not of the network."""
        said = segment_stripes(network("onnx", size=[16, 48]), image_onnx(tmp_path / "net.onnx", (16, 48)))
        assert said.labels.shape == (24, 60)
        assert (said.labels != np.repeat([0, 1, 2], 20)).mean() < 0.05

    def test_sizes_follow_the_card(self):
        """Multiples are rounded up to, and large images shrink."""
        image = np.zeros((375, 1242, 3), np.uint8)
        assert image_array(image, ImageInput(kind="image")).shape == (1, 3, 375, 1242)
        assert image_array(image, ImageInput(kind="image", multiple_of=32)).shape == (1, 3, 384, 1248)
        assert image_array(image, ImageInput(kind="image", multiple_of=8, max_pixels=100_000)).shape == (1, 3, 176, 576)

    def test_pixels_are_normalised_as_the_card_says(self):
        """(pixel * scale - mean) / std, in the card's order of colours and axes."""
        image = np.array([[[255, 51, 0]]], np.uint8)
        takes = ImageInput(kind="image", mean=(0.5, 0.2, 0), std=(0.5, 1, 2))
        assert image_array(image, takes).ravel() == pytest.approx([1, 0, 0], abs=1e-6)
        takes = ImageInput(kind="image", colour="bgr", layout="NHWC", scale=1, mean=(1, 2, 3))
        assert image_array(image, takes).tolist() == [[[[-1, 49, 252]]]]
        raw = image_array(image, ImageInput(kind="image", dtype="uint8"))
        assert (raw.dtype, raw.ravel().tolist()) == (np.uint8, [255, 51, 0])

    def test_a_network_may_give_labels_only(self, tmp_path):
        """Then there are no probabilities, and each pixel gets the label of its cell."""
        nodes = [
            helper.make_node("AveragePool", ["image"], ["small"], kernel_shape=[2, 2], strides=[2, 2]),
            helper.make_node("ArgMax", ["small"], ["labels"], axis=1, keepdims=0),
        ]
        outputs = [helper.make_tensor_value_info("labels", TensorProto.INT64, [1, "h2", "w2"])]
        path = write_onnx(tmp_path / "net.onnx", [float_value("image", [1, 3, "h", "w"])], outputs, nodes)
        said = segment_stripes(network("onnx", output={"kind": "labels"}), path)
        assert said.scores is None
        assert (said.labels == np.repeat([0, 1, 2], 20)).all()

    def test_classes_may_come_last(self, tmp_path):
        """(1, h, w, C), as exports from TensorFlow have it."""
        nodes = [helper.make_node("Transpose", ["image"], ["scores"], perm=[0, 2, 3, 1])]
        path = write_onnx(
            tmp_path / "net.onnx",
            [float_value("image", [1, 3, "h", "w"])],
            [float_value("scores", [1, "h", "w", 3])],
            nodes,
        )
        said = segment_stripes(network("onnx", output={"kind": "scores", "class_axis": "last"}), path)
        assert (said.labels == np.repeat([0, 1, 2], 20)).all()


class TestClouds:
    """Points in, scores out."""

    @pytest.mark.parametrize("format_", ["onnx", "torchscript"])
    def test_every_point_gets_its_class(self, tmp_path, format_):
        """In the order of the points."""
        path = tmp_path / "net"
        _ = points_onnx(path) if format_ == "onnx" else trace(ByHeight(), torch.zeros(5, 4), path)
        said = ScoredCloudSegmenter("net", NAMES, load_cloud_network(network(format_, "points"), path, "cpu")).segment(
            POINTS
        )
        assert said.labels.tolist() == ([0, 1, 2, 0] if format_ == "onnx" else [2, 1, 1, 1])
        assert said.scores.shape == (4, 3)
        assert said.scores.sum(1) == pytest.approx(1, abs=2e-3)

    @pytest.mark.parametrize(("layout", "class_axis"), [("BNC", "last"), ("BCN", "first")])
    def test_points_may_lie_in_a_batch(self, tmp_path, layout, class_axis):
        """With columns last or first."""
        shape = [1, "n", 4] if layout == "BNC" else [1, 4, "n"]
        nodes = [helper.make_node("Identity", ["points"], ["scores"])]
        path = write_onnx(tmp_path / "net.onnx", [float_value("points", shape)], [float_value("scores", shape)], nodes)
        spec = network("onnx", "points", {"class_axis": class_axis}, layout=layout)
        scores = load_cloud_network(spec, path, "cpu")(POINTS)
        assert scores.argmax(1).tolist() == [0, 1, 2, 0]

    @pytest.mark.parametrize("vote", [False, True])
    def test_a_range_image_is_made_and_read_back(self, tmp_path, vote):
        """Each point gets what its own pixel says; a point without a direction gets nothing in particular."""
        nodes = [helper.make_node("Identity", ["image"], ["scores"])]
        shape = [1, 3, 16, 64]
        path = write_onnx(tmp_path / "net.onnx", [float_value("image", shape)], [float_value("scores", shape)], nodes)
        spec = network(
            "onnx", "range_image", height=16, width=64, fov_up_deg=80, fov_down_deg=-30, vote=vote,
            channels=["x", "y", "z"], std=[1, 1, 1],
        )  # fmt: skip
        scores = load_cloud_network(spec, path, "cpu")(np.vstack([POINTS, np.zeros((1, 4), np.float32)]))
        assert scores.shape == (5, 3)
        assert scores[:4].argmax(1).tolist() == [0, 1, 2, 0]
        assert scores[4] == pytest.approx(1 / 3)

    def test_neighbours_outvote_a_stray_pixel(self, tmp_path):
        """One pixel of another class amid a wall is overruled where the vote is on."""
        azimuth, elevation = np.meshgrid(np.radians(np.arange(-20, 21)), np.radians(np.arange(-10, 11)))
        wall = 10 * np.stack([np.cos(elevation) * np.cos(azimuth), -np.cos(elevation) * np.sin(azimuth),
                              np.sin(elevation)], -1).reshape(-1, 3)  # fmt: skip
        points = np.column_stack([wall, np.zeros(len(wall))]).astype(np.float32)
        stray = len(points) // 2
        points[stray, 3] = 1
        nodes = [
            helper.make_node("Sub", ["one", "image"], ["rest"]),
            helper.make_node("Concat", ["rest", "image"], ["scores"], axis=1),
        ]
        one = helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0])
        path = write_onnx(
            tmp_path / "net.onnx",
            [float_value("image", [1, 1, 64, 512])],
            [float_value("scores", [1, 2, 64, 512])],
            nodes,
            [one],
        )
        said = {}
        for vote in (False, True):
            spec = network("onnx", "range_image", {"kind": "scores"}, width=512, channels=["intensity"], vote=vote,
                           fov_up_deg=15, fov_down_deg=-15)  # fmt: skip
            said[vote] = load_cloud_network(spec, path, "cpu")(points).argmax(1)
        assert said[False][stray] == 1
        assert said[True].sum() == 0


class TestFailures:
    """What does not fit is told in a sentence."""

    def test_a_file_of_another_kind(self, tmp_path):
        """It is named, with its format."""
        path = tmp_path / "net"
        path.write_bytes(b"nothing of the kind")
        for format_, name in (("onnx", "ONNX"), ("torchscript", "TorchScript")):
            with pytest.raises(NetworkFailedError, match=f"net cannot be loaded as {name}"):
                load_image_network(network(format_), path, "cpu")

    def test_a_size_the_network_does_not_take(self, tmp_path):
        """Both shapes are named, and what to write into the card; with it the network runs."""
        path = image_onnx(tmp_path / "net.onnx", (16, 48))
        run = load_image_network(network("onnx"), path, "cpu")
        with pytest.raises(NetworkFailedError, match=r"shape \(1, 3, 16, 48\), not \(1, 3, 24, 60\): .*size"):
            run(STRIPES)
        sized = network("onnx", size=[16, 48])
        assert load_image_network(sized, path, "cpu")(STRIPES).shape == (3, 16, 48)

    def test_a_type_the_network_does_not_take(self, tmp_path):
        """In the words of the runtime."""
        bytes_in = network("onnx", dtype="uint8")
        run = load_image_network(bytes_in, image_onnx(tmp_path / "net.onnx"), "cpu")
        with pytest.raises(NetworkFailedError, match=r"failed on input uint8 of shape \(1, 3, 24, 60\)"):
            run(STRIPES)

    def test_a_script_that_raises(self, tmp_path):
        """Its own words are passed on."""
        torch.jit.save(torch.jit.script(Refusing()), tmp_path / "net.pt")
        run = load_image_network(network("torchscript"), tmp_path / "net.pt", "cpu")
        with pytest.raises(NetworkFailedError, match=r"net\.pt failed on input float32 .*too small"):
            run(STRIPES)

    def test_an_output_that_is_not_there(self, tmp_path):
        """Those there are are named."""
        spec = network("onnx", output={"name": "scores"})
        with pytest.raises(NetworkFailedError, match="no output named 'scores'; it has logits"):
            load_image_network(spec, image_onnx(tmp_path / "net.onnx"), "cpu")

    def test_fewer_classes_than_names(self, tmp_path):
        """Names and outputs would be shifted against each other."""
        run = load_image_network(network("onnx"), image_onnx(tmp_path / "net.onnx"), "cpu")
        with pytest.raises(NetworkFailedError, match=r"scores 3 classes, but names are given up to output 3"):
            ScoredImageSegmenter("net", {3: "car"}, run).segment(STRIPES)

    def test_an_output_of_another_shape(self, tmp_path):
        """Neither labels nor scores."""
        run = load_image_network(network("onnx", output={"kind": "labels"}), image_onnx(tmp_path / "net.onnx"), "cpu")
        with pytest.raises(NetworkFailedError, match=r"shape \(1, 3, 24, 60\), which are no labels with 2 axes"):
            run(STRIPES)

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    def test_scores_that_are_not_finite(self, bad):
        """They would poison the calibration in silence."""
        scores = np.full((3, 4, 4), 0.5, np.float32)
        scores[1, 2, 2] = bad
        with pytest.raises(NetworkFailedError, match="not finite"):
            ScoredImageSegmenter("net", NAMES, lambda _: scores).segment(STRIPES)

    def test_a_cloud_network_that_loses_points(self):
        """Labels would belong to other points."""
        with pytest.raises(NetworkFailedError, match="gave 3 rows for 4 points"):
            ScoredCloudSegmenter("net", NAMES, lambda points: np.full((len(points) - 1, 3), 0.5)).segment(POINTS)

    def test_cuda_without_its_build_of_onnxruntime(self, tmp_path):
        """The sentence names the package; nothing runs on the CPU in silence."""
        with pytest.raises(NetworkFailedError, match="onnxruntime-gpu"):
            load_image_network(network("onnx"), image_onnx(tmp_path / "net.onnx"), "cuda")
