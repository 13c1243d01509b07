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
