"""JSON and YAML text as mappings, OpenCV's dialect included."""

import json
from pathlib import Path
from typing import Any

import yaml

from worker.inputs.calibration_files.calibration import invalid
from worker.inputs.limits import InputLimits
from worker.inputs.source import read_source

# All of nuScenes' sensors take 4 MB; of empty JSON objects, 8 MB become 600 MB in memory.
MOST_BYTES = 8 * 2**20
_LIMITS = InputLimits(max_bytes=MOST_BYTES)
# YAML is parsed in Python, some 100 kB a second; calibrations are about 1 kB.
_MOST_YAML_BYTES = 256 * 2**10
# Aliases of aliases multiply: 500 bytes stand for gigabytes as soon as somebody prints or merges what they name.
_MOST_ALIASES = 10
_OPENCV_MATRIX = "tag:yaml.org,2002:opencv-matrix"


class _Loader(yaml.SafeLoader):
    """YAML 1.1 without objects, with OpenCV's matrices as mappings and with few aliases."""

    num_aliases = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            self.num_aliases += 1
            if self.num_aliases > _MOST_ALIASES:
                raise yaml.YAMLError(f"more than {_MOST_ALIASES} aliases (*name): write the values out")
        return super().compose_node(parent, index)


def _matrix(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(_OPENCV_MATRIX, _matrix)


def read_text(path: Path) -> str:
    """Read a text file.

    Raises:
        InputError: it cannot be read, or is no text.
    """
    try:
        return read_source(path, _LIMITS).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise invalid(f"{path} is no text in UTF-8: is this a calibration file?") from error


def parse_json_value(text: str, what: str) -> Any:
    """Parse JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise invalid(f"{what} is not JSON: {error}.") from error


def parse_yaml_mapping(text: str, what: str) -> dict[str, Any]:
    """Parse YAML whose top is a mapping; OpenCV's first line `%YAML:1.0` is understood.

    `ros2 topic echo` ends every message with `---`, which opens another document: empty ones do not count.
    """
    if len(text) > _MOST_YAML_BYTES:
        raise invalid(f"{what} is larger than {_MOST_YAML_BYTES // 2**10} KiB: is this a calibration file?")
    lines = text.splitlines()
    if lines and lines[0].startswith("%YAML"):
        text = "\n".join(lines[1:])
    try:
        documents = [value for value in yaml.load_all(text, _Loader) if value is not None]
    except (yaml.YAMLError, ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
        raise invalid(f"{what} is not YAML: {' '.join(str(error).split())[:200]}.") from error
    if len(documents) > 1:
        raise invalid(f"{what} holds {len(documents)} YAML documents, parted by '---': keep the one that is meant.")
    return mapping(documents[0] if documents else None, what)


def mapping(value: Any, what: str) -> dict[str, Any]:
    """Return a value that must be a mapping."""
    if not isinstance(value, dict):
        raise invalid(f"{what} must hold a mapping of names to values.")
    return value


def entry(values: dict[str, Any], name: str, what: str) -> Any:
    """Return an entry that must be there."""
    if name not in values:
        raise invalid(f"{what} has no {name!r}; it has {', '.join(map(str, list(values)[:20])) or 'nothing'}.")
    return values[name]
