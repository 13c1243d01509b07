"""Which groups each point belongs to: the few with the largest share, so that a histogram touches no others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

# A point of soft scores belongs to no more groups than this; what is left over is below a percent.
_MOST_GROUPS = 3
# Shares below this are noise of a softmax.
_LEAST_SHARE = 0.02


@dataclass(frozen=True)
class PointGroups:
    """Membership of N points in G groups.

    Attributes:
        index: (N, K) int16, the groups of each point, those of largest share.
        share: (N, K), the probability of each; 0 where a point belongs to fewer.
        count: G.
    """

    index: Tensor
    share: Tensor
    count: int

    @classmethod
    def from_dense(cls, membership: Tensor) -> PointGroups:
        """Keep the largest of the shares (N, G)."""
        count = membership.shape[1]
        most = int((membership > _LEAST_SHARE).sum(1).max()) if membership.numel() else 1
        share, index = membership.topk(max(1, min(_MOST_GROUPS, count, most)), dim=1)
        share = torch.where(share > _LEAST_SHARE, share, 0)
        return cls(index.to(torch.int16).contiguous(), share.contiguous(), count)

    @classmethod
    def from_labels(cls, label: Tensor, count: int) -> PointGroups:
        """Take one group a point (N,), or none where the label is negative."""
        return cls(label.clamp_min(0).to(torch.int16)[:, None], (label >= 0).to(torch.float32)[:, None], count)

    def mean_share(self) -> Tensor:
        """Return the mean share (G,) of each group over all points."""
        total = torch.zeros(self.count, dtype=self.share.dtype, device=self.share.device)
        total.index_add_(0, self.index.flatten().to(torch.int64), self.share.flatten())
        return total / len(self.share)

    def to(self, dtype: torch.dtype, device: torch.device | str) -> PointGroups:
        """Return the same groups in another precision or on another device."""
        return PointGroups(self.index.to(device), self.share.to(device=device, dtype=dtype), self.count)

    @cached_property
    def dense(self) -> Tensor:
        """Return the shares of all groups (N, G)."""
        dense = torch.zeros(len(self.share), self.count, dtype=self.share.dtype, device=self.share.device)
        return dense.scatter_add_(1, self.index.to(torch.int64), self.share)

    def __getitem__(self, which: slice | Tensor) -> PointGroups:
        """Select points."""
        return PointGroups(self.index[which].contiguous(), self.share[which].contiguous(), self.count)
