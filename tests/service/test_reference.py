"""The reference pages say all there is to say."""

import importlib
import pkgutil
import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic_settings import BaseSettings

import models
import service
import worker
from service.problems import Refusal, input_problem
from service.schemas import CalibrationResult, JobStatus
from worker.inputs import InputError, InputErrorCode
from worker.inputs.request import CalibrationOptions, CalibrationRequest

PACKAGES = ("service", "worker", "models")
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


def test_a_problem_type_is_listed_once(http: str) -> None:
    """Two rows of one type would say two things of it."""
    types = re.findall(r"^\| `([a-z-]+)` \| [45]\d\d \|", http, re.MULTILINE)
    assert sorted(types) == sorted(set(types))
    assert len(types) > len(Refusal.__subclasses__())


def test_every_field_is_listed(http: str) -> None:
    """Of requests, statuses and results."""
    for model in (CalibrationRequest, CalibrationOptions, JobStatus, CalibrationResult):
        assert _unmentioned(set(model.model_fields), http) == set(), model.__name__


def _settings_classes() -> set[type[BaseSettings]]:
    """Return all classes of settings, wherever in the packages they are."""
    for package in (service, worker, models):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.endswith("settings"):
                importlib.import_module(module.name)
    return {kind for kind in BaseSettings.__subclasses__() if kind.__module__.partition(".")[0] in PACKAGES}


def test_every_setting_is_listed() -> None:
    """By the name of its environment variable, of service, workers and networks alike."""
    classes = _settings_classes()
    assert {kind.__name__ for kind in classes} >= {"Settings", "StoreSettings"}
    names = {
        f"{kind.model_config.get('env_prefix', '')}{name}".upper() for kind in classes for name in kind.model_fields
    }
    assert _unmentioned(names, (DOCS / "settings.md").read_text()) == set()


def test_every_variable_is_listed() -> None:
    """Those that code reads without a class of settings, too."""
    source = [path.read_text() for name in PACKAGES for path in (DOCS.parent / name).rglob("*.py")]
    names = {name for text in source for name in re.findall(r"\bSEMALIGN_[A-Z0-9_]*[A-Z0-9]\b", text)}
    names -= {name for name in names if name.startswith("SEMALIGN_COMPLETE")}
    assert {"SEMALIGN_SERVER", "SEMALIGN_API_KEY"} <= names
    assert _unmentioned(names, (DOCS / "settings.md").read_text()) == set()
