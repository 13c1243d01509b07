"""ESPNetv2 against its authors' code."""

import io

import numpy as np
import pytest
import torch

from models.backends.espnetv2 import load_network
from models.backends.state_dicts import load_weights
from models.networks.espnetv2 import ESPNetv2

MODEL = "espnetv2_s2_cityscapes"


def _synthetic_input(height: int, width: int) -> torch.Tensor:
    c, i, j = np.ogrid[:3, :height, :width]
    x = 2 * np.sin(0.13 * i * (c + 1) + 0.07 * j) * np.cos(0.05 * j * (c + 1) - 0.03 * i)
    return torch.from_numpy(x.astype(np.float32))[None]


@pytest.fixture(scope="module")
def as_trained(espnetv2_files) -> ESPNetv2:
    """Return the network with every layer as it was trained."""
    network = ESPNetv2()
    load_weights(network, espnetv2_files["espnetv2_s_2.0_city_1024x512.pth"])
    return network.eval()


@pytest.mark.parametrize("size", [(64, 96), (79, 111)])
@pytest.mark.parametrize("prepared", [False, True], ids=["as trained", "prepared for inference"])
def test_synthetic_inputs_give_the_published_logits(espnetv2_files, as_trained, expected, size, prepared):
    """Even and odd sizes agree with the published outputs, before and after folding and fusing."""
    network = load_network(espnetv2_files, 20, torch.device("cpu")) if prepared else as_trained
    published = expected(MODEL, f"synthetic_{size[0]}x{size[1]}")
    with torch.inference_mode():
        logits = network(_synthetic_input(*size))[0].numpy()
    rows, columns = published["positions"].T
    np.testing.assert_allclose(logits[:, rows, columns].T, published["logits_sample"], atol=1e-3, rtol=0)
    assert (logits.argmax(0) == published["labels"]).mean() >= 0.999


def test_every_stage_has_the_published_statistics(as_trained, expected):
    """Mean and deviation of each named module's output agree, so no stage is wrong in a way that cancels later."""
    published = expected(MODEL, "synthetic_79x111")
    outputs: dict[str, torch.Tensor] = {}
    handles = [
        as_trained.get_submodule(name).register_forward_hook(
            lambda _module, _inputs, output, name=name: outputs.__setitem__(name, output.double())
        )
        for name in published["stage_names"].tolist()
    ]
    with torch.inference_mode():
        as_trained(_synthetic_input(79, 111))
    for handle in handles:
        handle.remove()
    means = [outputs[name].mean().item() for name in published["stage_names"].tolist()]
    deviations = [outputs[name].std().item() for name in published["stage_names"].tolist()]
    np.testing.assert_allclose(means, published["stage_mean"], atol=1e-5)
    np.testing.assert_allclose(deviations, published["stage_std"], atol=1e-5)


def test_the_released_file_has_exactly_the_keys_of_the_network(espnetv2_files):
    """All 526 entries of the file are used and none is missing."""
    (content,) = espnetv2_files.values()
    state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    assert len(state) == 526
    assert set(state) == set(ESPNetv2().state_dict())


def test_a_file_that_lacks_a_key_is_refused(espnetv2_files):
    """Loading is strict: one entry less is an error, not a randomly initialised layer."""
    (content,) = espnetv2_files.values()
    state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    del state["bu_dec_l4.merge_layer.3.bias"]
    damaged = io.BytesIO()
    torch.save(state, damaged)
    with pytest.raises(RuntimeError, match=r"bu_dec_l4\.merge_layer\.3\.bias"):
        load_weights(ESPNetv2(), damaged.getvalue())
