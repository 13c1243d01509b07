"""Loading models by name."""

import subprocess
import sys

import pytest

from models import ModelNotAvailableError, UnknownModelError, load_cloud_model, load_image_model
from models.backends.registry import CLOUD_BACKENDS, IMAGE_BACKENDS
from models.catalogue import CATALOGUE


def test_every_catalogue_entry_has_a_backend_of_its_modality():
    """No entry names code that is not there."""
    for entry in CATALOGUE.values():
        assert entry.backend in {"image": IMAGE_BACKENDS, "cloud": CLOUD_BACKENDS}[entry.modality]


def test_models_load_by_name_from_the_mirror(models_mirror, monkeypatch):
    """The mirror named in the environment is enough."""
    monkeypatch.setenv("SEMALIGN_MODELS_MIRROR", str(models_mirror))
    assert load_image_model("espnetv2_s2_cityscapes").name == "espnetv2_s2_cityscapes"
    assert load_cloud_model("mininet3d_tiny_semantickitti").name == "mininet3d_tiny_semantickitti"


def test_an_unknown_name_is_answered_with_the_known_ones():
    """The sentence lists what there is."""
    with pytest.raises(UnknownModelError, match=r"no model named 'nope'.*espnetv2_s2_cityscapes"):
        load_image_model("nope")


@pytest.mark.parametrize(
    ("load", "name", "fitting"),
    [
        (load_image_model, "mininet3d_tiny_semantickitti", "espnetv2_s2_cityscapes"),
        (load_cloud_model, "espnetv2_s2_cityscapes", "mininet3d_tiny_semantickitti"),
    ],
)
def test_a_model_of_the_other_modality_is_refused(load, name, fitting):
    """A cloud network cannot segment an image; the sentence names one that can."""
    with pytest.raises(UnknownModelError, match=fitting):
        load(name)


def test_a_model_that_cannot_be_had_says_how_to_get_it(tmp_path, monkeypatch, unreachable_source):
    """No mirror, an empty store, no network: the sentence names the command and the setting."""
    monkeypatch.setenv("SEMALIGN_MODELS_ACCEPT_NON_COMMERCIAL", "true")
    monkeypatch.delenv("SEMALIGN_MODELS_MIRROR", raising=False)
    monkeypatch.setenv("SEMALIGN_MODELS_DIR", str(tmp_path))
    with pytest.raises(ModelNotAvailableError, match=r"SEMALIGN_MODELS_MIRROR.*semalign models pull espnetv2"):
        load_image_model("espnetv2_s2_cityscapes")


def test_importing_the_package_loads_no_torch():
    """Names, terms and errors can be read by processes that never run a network."""
    code = "import sys, models, models.catalogue, models.taxonomy, service.cli.models; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
