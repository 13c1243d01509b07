"""Damaged and arbitrary calibration files: a value or a sentence."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from worker.inputs import InputError
from worker.inputs.calibration_files import FORMATS, FrameChoice, SensorCalibration, read_calibration

PIECES = [
    "nan",
    "1e400",
    "-",
    "[",
    "{",
    ": ",
    "\n",
    "null",
    "true",
    "&a ",
    "*a",
    "!!set ",
    "data",
    "0",
    "'",
    "\0",
    "\u00e9",
]

edits = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 30), st.one_of(st.sampled_from(PIECES), st.text(max_size=6))),
    min_size=1,
    max_size=5,
)


def damaged(text: str, changes: list[tuple[float, int, str]]) -> str:
    for share, removed, inserted in changes:
        at = int(share * len(text))
        text = text[:at] + inserted + text[at + removed :]
    return text


@pytest.mark.parametrize("name", FORMATS)
@given(changes=edits)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_files(calibration, tmp_path_factory, name, changes):
    """Whatever is changed in a file, it is read or refused in a sentence."""
    written = FORMATS[name].write(calibration)
    folder = tmp_path_factory.mktemp("damaged")
    for file, text in (written if isinstance(written, dict) else {"file": written}).items():
        (folder / file).write_text(damaged(text, changes), encoding="utf-8", errors="replace")
    path = folder if isinstance(written, dict) else folder / "file"
    for given_name in (name, None):
        try:
            found = read_calibration(path, given_name, FrameChoice())
        except InputError as error:
            assert len(error.message) > 20
        else:
            assert isinstance(found, SensorCalibration)


@given(
    value=st.recursive(
        st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=5)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.dictionaries(
                st.sampled_from(["camera", "K", "initial", "T_cam_lidar", "param", "data", "header"]), inner
            ),
        ),
        max_leaves=12,
    )
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_values_of_any_type(tmp_path_factory, value):
    """JSON whose fields hold what nobody expects, in every format that is JSON or YAML."""
    path = tmp_path_factory.mktemp("values") / "file.json"
    path.write_text(json.dumps({"camera_matrix": value, "calibration": value, "T_cam_lidar": value, "camera": value}))
    for name in FORMATS:
        with pytest.raises(InputError):
            read_calibration(path, name)


@pytest.mark.parametrize("use", ["distortion_model: *a8", "camera_name: *a8", "<<: *a8", "header: {frame_id: *a8}"])
@pytest.mark.parametrize("kind", ["lists", "merges"])
def test_aliases_that_multiply_are_refused(tmp_path, kind, use):
    """Nine lines that stand for a billion values: nothing is made of them, neither by printing nor by merging."""
    inner, outer = ("[x]", "[{}]") if kind == "lists" else ("{k: 1}", "{{<<: [{}]}}")
    lines = [f"a0: &a0 {inner}"]
    lines += [f"a{i}: &a{i} {outer.format(', '.join([f'*a{i - 1}'] * 10))}" for i in range(1, 9)]
    path = tmp_path / "bomb.yaml"
    path.write_text("\n".join([*lines, use, "child_frame_id: c", "K: [7, 0, 1, 0, 7, 1, 0, 0, 1]", ""]))
    for name in (None, "ros-camera-info", "ros-static-transform", "autoware", "opencv"):
        with pytest.raises(InputError, match="more than 10 aliases"):
            read_calibration(path, name)


def test_a_few_aliases_are_read(tmp_path):
    """PyYAML writes one where a program used a list twice."""
    path = tmp_path / "camera_info.yaml"
    path.write_text("d: &id001 [0, 0, 0, 0, 0]\nr: *id001\nk: [7, 0, 1, 0, 7, 1, 0, 0, 1]\n")
    assert read_calibration(path).camera.K[0][0] == 7


def test_files_larger_than_any_calibration_are_refused(tmp_path):
    """One alone, and a folder of files that are not: what JSON becomes in memory is a hundred times as large."""
    one = "[" + "{}," * (3 << 20) + "{}]"
    (tmp_path / "sensors.json").write_text(one)
    with pytest.raises(InputError, match="larger than the limit of 8 MiB"):
        read_calibration(tmp_path / "sensors.json")
    (tmp_path / "sensors.json").write_text("[]")
    (tmp_path / "sensor.json").write_text(one)
    with pytest.raises(InputError, match="larger than 256 KiB"):
        read_calibration(tmp_path / "sensors.json")
    folder = tmp_path / "rig"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.json").write_text('{"a": "' + "x" * (3 << 20) + '"}')
    with pytest.raises(InputError, match="8 MiB together"):
        read_calibration(folder)
