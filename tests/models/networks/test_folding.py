"""Batch norms folded into convolutions."""

import torch
from torch import nn

from models.networks.folding import fold_batch_norms


def _with_statistics(norm: nn.BatchNorm2d) -> nn.BatchNorm2d:
    for values in (norm.weight, norm.bias, norm.running_mean):
        nn.init.normal_(values)
    nn.init.uniform_(norm.running_var, 0.5, 2)
    return norm


def test_folding_keeps_the_output_and_leaves_no_batch_norm_behind_a_convolution():
    """A convolution that took its batch norm in computes what both did."""
    torch.manual_seed(0)
    inner = nn.Sequential(
        nn.Conv2d(4, 6, 3, groups=2, bias=False), _with_statistics(nn.BatchNorm2d(6, 1e-3)), nn.ReLU()
    )
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.PReLU(), inner).eval()
    x = torch.randn(2, 3, 12, 12)
    before = network(x)
    fold_batch_norms(network)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in network.modules())
    torch.testing.assert_close(network(x), before, atol=1e-5, rtol=1e-5)


def test_a_batch_norm_that_follows_no_convolution_stays():
    """Only neighbours are folded: an activation in between keeps the two apart."""
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.PReLU(), _with_statistics(nn.BatchNorm2d(4))).eval()
    fold_batch_norms(network)
    assert isinstance(network[2], nn.BatchNorm2d)
