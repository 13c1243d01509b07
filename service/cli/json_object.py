"""Reading a JSON object that will stand in a request, where its content is checked."""

import json
from pathlib import Path
from typing import Any

from worker.inputs import InputError


def read_json_object(path: Path) -> dict[str, Any]:
    """Read an object from a JSON file.

    Raises:
        InputError: `unreadable-file` or `invalid-json`.
    """
    try:
        value = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError("unreadable-file", f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise InputError("invalid-json", f"{path} is not JSON: {error}.") from error
    if not isinstance(value, dict):
        raise InputError("invalid-json", f"{path} must hold a JSON object.")
    return value
