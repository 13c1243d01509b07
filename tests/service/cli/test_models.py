"""`semalign models`."""

import json

import pytest
from PIL import Image
from tiny_networks import CLOUD_CLASSES, image_onnx, points_onnx, write_card
from typer.testing import CliRunner

from models.cards.folder import SHIPPED_FOLDER
from models.catalogue import CATALOGUE
from service.cli.models import app

NAMES = [*CATALOGUE, *sorted(path.stem for path in SHIPPED_FOLDER.glob("*.yaml"))]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return a runner of the command with an empty store, no mirror and no way to the public source."""
    monkeypatch.delenv("SEMALIGN_MODELS_MIRROR", raising=False)
    monkeypatch.setenv("SEMALIGN_MODELS_DIR", str(tmp_path))
    monkeypatch.delenv("SEMALIGN_MODELS_CARDS", raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for variable in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    return lambda *arguments: CliRunner().invoke(app, arguments)


def test_list_names_every_model_and_whether_its_use_is_limited(run):
    """As a table for people and as JSON for programs."""
    table = run("list")
    listed = json.loads(run("list", "--json").stdout)
    assert [model["name"] for model in listed] == NAMES
    assert all((model["folder"] is None) == model["non_commercial"] for model in listed), "all that is free is here"
    assert all(name in table.stdout for name in NAMES)
    assert table.stdout.count("non-commercial") == sum(model["non_commercial"] for model in listed)


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
    assert run("verify").stdout.count("good") == 3  # with the one that comes with the package


def test_pull_without_network_or_mirror_fails_with_a_sentence(run, tmp_path):
    """The sentence names the setting; the store stays empty."""
    result = run("pull", "espnetv2_s2_cityscapes", "--accept-terms")
    assert result.exit_code == 1
    assert "SEMALIGN_MODELS_MIRROR" in result.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("name", ["espnetv2_s2_cityscapes", "segformer_b0_cityscapes"])
def test_pull_asks_to_accept_terms_that_rule_out_commercial_use(run, name):
    """They are shown, and nothing is fetched before."""
    result = run("pull", name)
    assert result.exit_code == 1
    assert "--accept-terms" in result.stderr
    assert "Cityscapes" in result.stdout


def test_pull_of_a_network_that_has_to_be_exported_says_how(run):
    """Its checkpoint is published in a form that nothing here runs."""
    result = run("pull", "waffleiron_semantickitti")
    assert result.exit_code == 1
    assert "docs/networks.md" in result.stderr


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
    """No traceback, and the status of every argument that cannot be used."""
    result = run("show", "nope")
    assert result.exit_code == 2
    assert "espnetv2_s2_cityscapes" in result.stderr


class TestCards:
    """Networks of one's own."""

    @pytest.fixture
    def folder(self, tmp_path):
        """Return the folder of cards in the store, with a card for each modality."""
        folder = tmp_path / "cards"
        folder.mkdir()
        image_onnx(folder / "net.onnx")
        points_onnx(folder / "points.onnx")
        for name, segments, file, kind, classes in (
            ("my-net", "image", "net.onnx", "image", ["road", "gizmo", "sky"]),
            ("my-points", "cloud", "points.onnx", "points", CLOUD_CLASSES),
        ):
            network = {"format": "onnx", "file": file, "input": {"kind": kind}}
            write_card(folder / f"{name}.yaml", segments=segments, network=network, classes=classes)
        return folder

    def test_they_are_listed_and_shown(self, run, folder):
        """With the classes that no other network knows."""
        assert "my-net" in run("list").stdout
        shown = run("show", "my-net").stdout
        assert "gizmo" in shown
        assert "aligned under their own name" in shown

    def test_a_broken_card_is_listed_as_such(self, run, folder):
        """And what is wrong with it is said."""
        write_card(folder / "bad.yaml", segments="radar")
        result = run("list")
        assert result.exit_code == 0
        assert "broken" in result.stdout
        assert "segments" in result.stderr

    @pytest.mark.parametrize(("name", "sample"), [("my-net", "620x188"), ("my-points", "points")])
    def test_check_runs_it_on_a_rendered_street(self, run, folder, name, sample):
        """Classes with their share, and the time."""
        result = run("check", name)
        assert result.exit_code == 0, result.stderr
        assert sample in result.stdout
        assert "%" in result.stdout
        assert "It gives class scores." in result.stdout

    def test_check_takes_the_path_of_a_card_and_samples_of_your_own(self, run, folder, tmp_path):
        """Before the card is put where the workers find it."""
        Image.new("RGB", (40, 30), (0, 250, 0)).save(tmp_path / "green.png")
        (folder / "my-net.yaml").rename(tmp_path / "elsewhere.yaml")
        (folder / "net.onnx").rename(tmp_path / "net.onnx")
        result = run("check", str(tmp_path / "elsewhere.yaml"), "--image", str(tmp_path / "green.png"))
        assert result.exit_code == 0, result.stderr
        assert "40x30" in result.stdout
        assert "gizmo" in result.stdout
        assert "100.0%" in result.stdout

    def test_check_of_a_network_that_does_not_run_fails_with_a_sentence(self, run, folder):
        """Status 1, for scripts."""
        (folder / "net.onnx").write_bytes(b"nothing of the kind")
        result = run("check", "my-net")
        assert result.exit_code == 1
        assert "cannot be loaded as ONNX" in result.stderr

    def test_a_sample_of_the_other_kind_is_refused(self, run, folder, tmp_path):
        """The sentence names the option."""
        Image.new("RGB", (4, 3)).save(tmp_path / "a.png")
        result = run("check", "my-points", "--image", str(tmp_path / "a.png"))
        assert result.exit_code == 2
        assert "--point-cloud" in result.stderr
