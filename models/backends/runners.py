"""Run one exported network: an array in, an array out."""

from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch

from models.errors import ModelNotAvailableError, NetworkFailedError


class Runner(Protocol):
    """A network that takes one array and gives one array."""

    def __call__(self, array: npt.NDArray[Any], /) -> npt.NDArray[Any]:
        """Run the network."""


class OnnxRunner:
    """An ONNX file in onnxruntime: nothing of the file but its graph is executed.

    Uses as many threads as torch does, and CUDA where the device asks for it and the installed build has it.
    """

    def __init__(self, path: Path, output: str | int, device: str) -> None:
        try:
            import onnxruntime  # noqa: PLC0415 - only networks in this format need it
        except ModuleNotFoundError as error:
            raise ModelNotAvailableError(
                f"{path} needs onnxruntime, which is not installed here: pip install onnxruntime, or onnxruntime-gpu."
            ) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.inter_op_num_threads = 1
        # Threads that wait must not spin: several workers share the cores.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        providers = _providers(device, onnxruntime.get_available_providers())
        try:
            self._session = onnxruntime.InferenceSession(path, options, providers=providers)
        except Exception as error:  # onnxruntime raises a class of its own for each kind of failure
            raise NetworkFailedError(f"{path} cannot be loaded as ONNX: {_one_line(error)}") from error
        inputs = self._session.get_inputs()
        if len(inputs) != 1:
            raise NetworkFailedError(
                f"{path} takes {len(inputs)} inputs ({', '.join(each.name for each in inputs)}); a card can feed one: "
                "export the network with the others fixed."
            )
        self._path, self._input, self._shape = path, inputs[0].name, inputs[0].shape
        self._output = _chosen([each.name for each in self._session.get_outputs()], output, path)

    def __call__(self, array: npt.NDArray[Any], /) -> npt.NDArray[Any]:
        """Run the network."""
        if not _fits(array.shape, self._shape):
            raise NetworkFailedError(
                f"{self._path} takes an input of shape ({', '.join(map(str, self._shape))}), not {array.shape}: say so "
                "in the `input` of its card (`size: [height, width]`, `layout`), or export it with free sides."
            )
        try:
            (result,) = self._session.run([self._output], {self._input: array})
        except Exception as error:
            raise NetworkFailedError(
                f"{self._path} failed on input {array.dtype} of shape {array.shape}: {_one_line(error)}"
            ) from error
        return np.asarray(result)


class TorchScriptRunner:
    """A TorchScript module. Loading one runs code that the file holds."""

    def __init__(self, path: Path, output: str | int, device: str) -> None:
        self._path, self._output, self._device = path, output, torch.device(device)
        try:
            self._module = torch.jit.load(path, map_location=self._device).eval()  # type: ignore[no-untyped-call]
        except (RuntimeError, ValueError) as error:
            raise NetworkFailedError(f"{path} cannot be loaded as TorchScript: {_one_line(error)}") from error

    @torch.inference_mode()
    def __call__(self, array: npt.NDArray[Any], /) -> npt.NDArray[Any]:
        """Run the network."""
        try:
            result = self._module(torch.from_numpy(array).to(self._device))
        except Exception as error:  # what a script raises arrives as a class of torch's own, beside RuntimeError
            raise NetworkFailedError(
                f"{self._path} failed on input {array.dtype} of shape {array.shape}: {_one_line(error)}"
            ) from error
        if isinstance(result, dict):
            result = result[_chosen(list(result), self._output, self._path)]
        elif isinstance(result, list | tuple):
            result = result[_number(len(result), self._output, self._path)]
        if not isinstance(result, torch.Tensor):
            raise NetworkFailedError(f"{self._path} gave a {type(result).__name__} instead of a tensor.")
        return np.asarray(result.cpu())


def _providers(device: str, available: list[str]) -> list[str]:
    """Return which parts of onnxruntime compute, best first."""
    if not device.startswith("cuda"):
        return ["CPUExecutionProvider"]
    if "CUDAExecutionProvider" not in available:
        raise NetworkFailedError(
            "The device is CUDA, but the installed onnxruntime knows the CPU only: put onnxruntime-gpu in its place."
        )
    return ["CUDAExecutionProvider", "CPUExecutionProvider"]


def _fits(shape: tuple[int, ...], stated: list[int | str | None]) -> bool:
    """Tell whether an array has the shape that an ONNX file states; names and None stand for any number."""
    if not stated:  # some files state none
        return True
    if len(shape) != len(stated):
        return False
    return all(side == number for side, number in zip(shape, stated, strict=True) if isinstance(number, int))


def _chosen(names: list[str], output: str | int, path: Path) -> str:
    if isinstance(output, int):
        return names[_number(len(names), output, path)]
    if output not in names:
        raise NetworkFailedError(f"{path} has no output named '{output}'; it has {', '.join(names)}.")
    return output


def _number(count: int, output: str | int, path: Path) -> int:
    if not isinstance(output, int) or not 0 <= output < count:
        raise NetworkFailedError(f"{path} has {count} outputs without names; choose one by number, from 0 on.")
    return output


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:500]
