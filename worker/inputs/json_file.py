"""JSON text to checked values, with every problem said in a sentence."""

import json
from pathlib import Path
from typing import TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from worker.inputs.errors import InputError, InputErrorCode
from worker.inputs.limits import InputLimits
from worker.inputs.source import read_source

Model = TypeVar("Model", bound=BaseModel)

# A request is about 1 kB, with two label maps of every id 4 MB.
_LIMITS = InputLimits(max_bytes=4 * 2**20)
_MAX_PROBLEMS_TOLD = 10


def parse_json(model: type[Model], text: str | bytes, what: str) -> Model:
    """Read a JSON object as `model`.

    Args:
        model: What the object must be.
        text: The JSON, UTF-8 where it comes as bytes.
        what: How messages call it.

    Raises:
        InputError: every problem in one message, each with the path of its field.
    """
    data = text.encode(errors="replace") if isinstance(text, str) else text
    try:
        return model.model_validate_json(read_source(data, _LIMITS))
    except ValidationError as error:
        raise _as_input_error(error, what) from error


def parse_json_object(model: type[Model], value: object, what: str) -> Model:
    """Take a value that a JSON parser gave as `model`.

    Raises:
        InputError: as `parse_json`.
    """
    return parse_json(model, json.dumps(value), what)


def read_json(model: type[Model], path: Path) -> Model:
    """Read a JSON file as `model`.

    Raises:
        InputError: as `parse_json`, or `unreadable-file`, `file-too-large`.
    """
    return parse_json(model, read_source(path, _LIMITS), what=str(path))


def _as_input_error(error: ValidationError, what: str) -> InputError:
    problems = error.errors(include_url=False, include_input=False)
    codes = {_code(problem) for problem in problems}
    code = codes.pop() if len(codes) == 1 else "invalid-request"
    sentences = [_sentence(problem) for problem in problems[:_MAX_PROBLEMS_TOLD]]
    if len(problems) > _MAX_PROBLEMS_TOLD:
        sentences.append(f"And {len(problems) - _MAX_PROBLEMS_TOLD} more.")
    return InputError(code, f"{what} cannot be used. " + " ".join(sentences))


def _code(problem: ErrorDetails) -> InputErrorCode:
    named: dict[str, InputErrorCode] = {
        "json_invalid": "invalid-json",
        "missing": "missing-field",
        "extra_forbidden": "unknown-field",
        **{code: code for code in get_args(InputErrorCode)},
    }
    return named.get(problem["type"], "invalid-request")


def _sentence(problem: ErrorDetails) -> str:
    path = _path(problem["loc"])
    if problem["type"] == "missing":
        return f"{path}: this value is missing; add it."
    if problem["type"] == "extra_forbidden":
        return f"{path}: this field is unknown; check its spelling or remove it."
    message = problem["msg"].rstrip(".") + "."
    return f"{path}: {message}" if path else message


def _path(location: tuple[int | str, ...]) -> str:
    path = ""
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
        elif step != "[key]":  # pydantic's mark for a bad key, which stands just before it
            path += f".{step}" if path else step
    return path
