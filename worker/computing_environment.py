"""What a process that computes has to find in its environment when it starts."""

from typing import Final

# What the C library gives back the kernel has to clear anew: a few percent of a job, which takes as much as the one
# before. The peak is no higher for it.
_KEEP_FREED_MEMORY: Final = {
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(256 * 2**20),
}


def computing_environment(threads: int) -> dict[str, str]:
    """Return the variables; more threads than cores would only spin."""
    of_threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return {**dict.fromkeys(of_threads, str(threads)), **_KEEP_FREED_MEMORY}
