"""The reference pages say all there is to say."""

from pathlib import Path
from typing import get_args

import pytest

from service.problems import Refusal, input_problem
from service.schemas import CalibrationResult, JobStatus
from worker.inputs import InputError, InputErrorCode
from worker.inputs.request import CalibrationOptions, CalibrationRequest
from worker.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"
NEVER_OVER_HTTP = {"unreadable-file", "invalid-frame-folder", "invalid-calibration-file", "missing-segmentation"}


@pytest.fixture(scope="module")
def http() -> str:
    """Return the HTTP reference."""
    return (DOCS / "http.md").read_text()


def _unmentioned(names: set[str], text: str) -> set[str]:
    return {name for name in names if f"`{name}" not in text and f".{name}`" not in text}


def test_every_problem_type_is_listed_with_its_status(http: str) -> None:
    """Clients branch on them."""
    rows = {f"| `{kind.type_}` | {kind.status} |" for kind in Refusal.__subclasses__()}
    for code in set(get_args(InputErrorCode)) - NEVER_OVER_HTTP:
        rows.add(f"| `{code}` | {input_problem(InputError(code, 'A sentence.')).status} |")
    assert {row for row in rows if row not in http} == set()


def test_every_field_is_listed(http: str) -> None:
    """Of requests, statuses and results."""
    for model in (CalibrationRequest, CalibrationOptions, JobStatus, CalibrationResult):
        assert _unmentioned(set(model.model_fields), http) == set(), model.__name__


def test_every_setting_is_listed() -> None:
    """By the name of its environment variable."""
    names = {f"SEMALIGN_{name.upper()}" for name in Settings.model_fields}
    assert _unmentioned(names, (DOCS / "settings.md").read_text()) == set()
