"""3D-MiniNet against its authors' code."""

import io

import numpy as np
import pytest
import torch

from models.backends.mininet3d import load_network
from models.backends.state_dicts import load_weights, prepare_for_inference
from models.networks.mininet3d import MiniNet3D
from models.processing.knn_vote import knn_vote
from models.processing.point_features import point_features
from models.processing.range_image import RangeImageGeometry, project

MODEL = "mininet3d_tiny_semantickitti"
FRAMES = ["kitti00_000000", "kitti00_001019", "kittidet_train_000001"]


def _state(content: bytes) -> dict[str, torch.Tensor]:
    return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)


def _with_six_blocks(files) -> MiniNet3D:
    """Return the network as its released configuration runs it, without the seventh block of `enc2`."""
    network = MiniNet3D(num_enc2_blocks=6)
    state = {key: value for key, value in _state(files["backbone"]).items() if "enc2.residual_6." not in key}
    network.backbone.load_state_dict(state, strict=True)
    load_weights(network.decoder, files["segmentation_decoder"])
    load_weights(network.head, files["segmentation_head"])
    prepare_for_inference(network, torch.device("cpu"))
    return network


def _angles_are_those_of_the_reference() -> bool:
    """Return whether NumPy computes arc tangents with AVX-512, as when the outputs were published.

    Other code rounds them otherwise, which moves a handful of points to the next column and their surroundings' logits.
    """
    chosen = np.lib.introspect.opt_func_info(func_name="^arctan2$")["arctan2"]["fff"]["current"]
    return chosen in {"X86_V4", "AVX512_SKX"}


@pytest.fixture(scope="module", params=[7, 6], ids=["seven blocks", "six blocks"])
def network_and_suffix(request, mininet3d_files):
    """Return the network with seven and with six blocks, and the suffix of their published arrays."""
    if request.param == 7:
        return load_network(mininet3d_files, 20, torch.device("cpu")), "_7"
    return _with_six_blocks(mininet3d_files), ""


@pytest.mark.parametrize("frame", FRAMES)
def test_real_sweeps_give_the_published_logits_and_labels(network_and_suffix, points_of, expected, frame):
    """Logits, labels of the range image and labels of the points agree with the published outputs."""
    network, suffix = network_and_suffix
    published = expected(MODEL, frame)
    points = points_of(frame)
    image = project(points[:, :3], RangeImageGeometry())
    with torch.inference_mode():
        logits = network(point_features(points, image))[0]
    pixels, point_ranges, ranges = map(torch.from_numpy, (image.pixels, image.point_ranges, image.ranges))
    labels = knn_vote(logits.argmax(0), ranges, pixels, point_ranges, 20).numpy()

    rows, columns = published["positions"].T
    difference = np.abs(logits.numpy()[:, rows, columns].T - published[f"logits_sample{suffix}"])
    assert np.median(difference) < 5e-3
    if _angles_are_those_of_the_reference():
        assert difference.max() < 1e-3
    assert (logits.argmax(0).numpy() == published[f"range_labels{suffix}"]).mean() >= 0.999
    assert (labels == published[f"labels{suffix}"]).mean() >= 0.999


def test_the_released_files_have_exactly_the_keys_of_the_network(mininet3d_files):
    """With seven blocks every entry of the three files is used and none is missing."""
    network = MiniNet3D()
    parts = {
        "backbone": network.backbone,
        "segmentation_decoder": network.decoder,
        "segmentation_head": network.head,
    }
    for name, part in parts.items():
        assert set(_state(mininet3d_files[name])) == set(part.state_dict())
    assert sum(parameter.numel() for parameter in network.parameters()) == 445_431


def test_six_blocks_leave_exactly_the_seventh_unused(mininet3d_files):
    """The released configuration skips the 24 entries of `enc2.residual_6` and nothing else."""
    unused = set(_state(mininet3d_files["backbone"])) - set(MiniNet3D(num_enc2_blocks=6).backbone.state_dict())
    assert len(unused) == 24
    assert all(key.startswith("enc2.residual_6.") for key in unused)
