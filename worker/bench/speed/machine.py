"""What this machine could do at best: the time that memory and arithmetic alone would take for a piece of work."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from worker.bench.speed.timing import Stopwatch

# Far larger than any cache, and small enough for any machine (bytes).
_COPIED_BYTES = 1 << 28
_MATRIX_SIZE = {"cpu": 1024, "cuda": 4096}
_ROUNDS = 5


@dataclass(frozen=True)
class Work:
    """What a computation cannot do without.

    Attributes:
        bytes: read from memory or written to it at least once.
        operations: additions, multiplications, divisions, roots and comparisons.
    """

    bytes: float
    operations: float

    def times(self, count: float) -> Work:
        """Return the work of doing it so many times."""
        return Work(self.bytes * count, self.operations * count)

    def __add__(self, other: Work) -> Work:
        """Return the work of both."""
        return Work(self.bytes + other.bytes, self.operations + other.operations)


@dataclass(frozen=True)
class Machine:
    """Measured rates of the device, on the threads that the measurements may use."""

    bytes_per_second: float
    operations_per_second: float

    @classmethod
    def measured(cls, device: str) -> Machine:
        """Copy a large array and multiply two matrices (float32); the best of some rounds counts."""
        watch = Stopwatch(device)
        kind = torch.device(device).type
        source = torch.ones(_COPIED_BYTES // 4, device=device)
        target = torch.empty_like(source)
        size = _MATRIX_SIZE[kind]
        left, product = torch.ones(size, size, device=device), torch.empty(size, size, device=device)
        copy = watch.alternating({"copy": lambda _: target.copy_(source)}, _ROUNDS)["copy"]
        multiply = watch.alternating({"mm": lambda _: torch.mm(left, left, out=product)}, _ROUNDS)["mm"]
        return cls(2 * _COPIED_BYTES / min(copy.seconds), 2 * size**3 / min(multiply.seconds))

    def least_seconds(self, work: Work) -> float:
        """Return the time that no implementation can beat: memory and arithmetic each at their full rate, at once."""
        return max(work.bytes / self.bytes_per_second, work.operations / self.operations_per_second)
