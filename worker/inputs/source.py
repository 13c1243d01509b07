"""Bytes of an input that is either a file or already in memory."""

from pathlib import Path

from worker.inputs.errors import InputError
from worker.inputs.limits import InputLimits

Source = Path | bytes


def read_source(source: Source, limits: InputLimits) -> bytes:
    """Return the bytes of `source`, reading at most one byte more than the limit allows.

    Raises:
        InputError: `unreadable-file` or `file-too-large`.
    """
    if isinstance(source, bytes):
        data = source
    else:
        try:
            with source.open("rb") as file:
                data = file.read(limits.max_bytes + 1)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise InputError("unreadable-file", f"{source} cannot be read ({reason}): check the path.") from error
    if len(data) > limits.max_bytes:
        raise InputError(
            "file-too-large",
            f"The file is larger than the limit of {limits.max_bytes / 2**20:g} MiB: send a smaller one.",
        )
    return data
