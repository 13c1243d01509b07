"""`semalign models`."""

import json

import pytest
from typer.testing import CliRunner

from service.cli.models import app

NAMES = ["espnetv2_s2_cityscapes", "mininet3d_tiny_semantickitti"]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return a runner of the command with an empty store, no mirror and no way to the public source."""
    monkeypatch.delenv("SEMALIGN_MODELS_MIRROR", raising=False)
    monkeypatch.setenv("SEMALIGN_MODELS_DIR", str(tmp_path))
    for variable in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    return lambda *arguments: CliRunner().invoke(app, arguments)


def test_list_names_every_model_and_whether_its_use_is_limited(run):
    """As a table for people and as JSON for programs."""
    table = run("list")
    listed = json.loads(run("list", "--json").stdout)
    assert [model["name"] for model in listed] == NAMES
    assert all(model["non_commercial"] and model["folder"] is None for model in listed)
    assert all(name in table.stdout for name in NAMES)
    assert table.stdout.count("non-commercial") == 2


def test_show_tells_source_terms_and_sensor(run):
    """Everything needed to decide whether the model may and can be used."""
    shown = run("show", "mininet3d_tiny_semantickitti").stdout
    for part in ("Shathe/3D-MiniNet", "MIT", "CC BY-NC-SA", "HDL-64E", "traffic-sign"):
        assert part in shown


def test_pull_shows_the_terms_and_checks_the_files(run, models_mirror, monkeypatch):
    """From a directory mirror nothing is downloaded, yet the content is checked."""
    monkeypatch.setenv("SEMALIGN_MODELS_MIRROR", str(models_mirror))
    result = run("pull", "espnetv2_s2_cityscapes")
    assert result.exit_code == 0
    assert "non-commercial" in result.stdout
    assert "checked" in result.stdout
    assert run("verify").stdout.count("good") == 2


def test_pull_without_network_or_mirror_fails_with_a_sentence(run, tmp_path):
    """The sentence names the setting; the store stays empty."""
    result = run("pull", "espnetv2_s2_cityscapes")
    assert result.exit_code == 1
    assert "SEMALIGN_MODELS_MIRROR" in result.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_verify_fails_on_a_damaged_file(run, tmp_path, models_mirror):
    """The exit status tells scripts, the sentence tells people."""
    name = "espnetv2_s2_cityscapes"
    (tmp_path / name).mkdir()
    content = bytearray((models_mirror / name / "espnetv2_s_2.0_city_1024x512.pth").read_bytes())
    content[-1] ^= 1
    (tmp_path / name / "espnetv2_s_2.0_city_1024x512.pth").write_bytes(content)
    result = run("verify", name)
    assert result.exit_code == 1
    assert "is not the published file" in result.stderr


def test_an_unknown_name_is_answered_with_the_known_ones(run):
    """No traceback, status 1."""
    result = run("show", "nope")
    assert result.exit_code == 1
    assert "espnetv2_s2_cityscapes" in result.stderr
