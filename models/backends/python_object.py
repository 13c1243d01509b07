"""Networks run by a Python object that lies beside its card."""

import importlib.util
import traceback
from pathlib import Path
from typing import Any

import numpy.typing as npt

from models.errors import NetworkFailedError


def load_python_network(path: Path, name: str, device: str) -> Any:
    """Run a Python file and return what its class `name` makes, called with the file's folder and the device.

    What is returned raises `NetworkFailedError` whatever the object raises.

    Raises:
        NetworkFailedError: the file cannot be run, has no such class, or what that makes cannot be called.
    """
    spec = importlib.util.spec_from_file_location(f"semalign_card_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise NetworkFailedError(f"{path} is no Python file: its name has to end in .py.")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        network = getattr(module, name)(path.parent, device)
    except Exception as error:
        raise NetworkFailedError(f"{name} of {path} cannot be made: {type(error).__name__}: {error}") from error
    if not callable(network):
        raise NetworkFailedError(f"What {name} of {path} makes cannot be called: give it a `__call__`.")

    def run(array: npt.NDArray[Any], /) -> Any:
        try:
            return network(array)
        except Exception as error:
            line = traceback.extract_tb(error.__traceback__)[-1]
            raise NetworkFailedError(
                f"{name} of {path} failed on an array of shape {array.shape}: {type(error).__name__}: {error} "
                f"({Path(line.filename).name}, line {line.lineno})"
            ) from error

    return run
