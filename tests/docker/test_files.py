"""The compose file and the Dockerfiles, checked without an engine."""

import importlib.metadata
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from models.settings import StoreSettings
from worker.settings import Settings
from worker.version import __version__

OWN_SERVICES = ("api", "worker", "worker-gpu")
TOOLS = Path(sys.executable).parent


def run(*command: str | Path) -> None:
    finished = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_compose_file_keeps_the_specification(deployment: Any) -> None:
    """The compose file is valid by the schema of the Compose specification."""
    run(TOOLS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", deployment.compose_file)


def test_compose_file_passes_the_security_linter(deployment: Any) -> None:
    """compose-lint finds nothing but what `docker/compose-lint.yml` names a reason for."""
    rules = deployment.root / "docker" / "compose-lint.yml"
    run(TOOLS / "compose-lint", "check", "--config", rules, "--fail-on", "low", deployment.compose_file)


def test_dockerfiles_pass_the_linter(deployment: Any) -> None:
    """Hadolint finds nothing in any Dockerfile."""
    assert len(deployment.dockerfiles) == 2
    run(TOOLS / "hadolint", *deployment.dockerfiles)


def test_ports_are_published_on_loopback_only(deployment: Any) -> None:
    """Nothing is reachable from another machine unless the operator changes the file."""
    published = [port for service in deployment.services.values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:8000:8000"]


def test_broker_is_on_an_internal_network_alone(deployment: Any) -> None:
    """The broker, which asks for no password, is reachable by API and workers only."""
    assert deployment.services["redis"]["networks"] == ["queue"]


@pytest.mark.parametrize("name", ["api", "redis", "worker", "worker-gpu"])
def test_containers_are_confined(deployment: Any, name: str) -> None:
    """Each container has a read-only root, no capability, a memory limit and a user without privileges."""
    service = deployment.services[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "mem_limit" in service
    if name == "redis":
        assert service["user"] == "valkey"
    else:
        dockerfile = (deployment.root / service["build"]["dockerfile"]).read_text()
        assert "\nUSER 10001:10001\n" in dockerfile


@pytest.mark.parametrize("name", OWN_SERVICES)
def test_images_carry_the_version(deployment: Any, name: str) -> None:
    """Images are tagged with the version they hold."""
    assert deployment.services[name]["image"] == f"semalign-{name}:{__version__}"


@pytest.mark.parametrize("name", OWN_SERVICES)
def test_settings_exist(deployment: Any, name: str) -> None:
    """Every SEMALIGN_ variable of a container is a setting: a misspelt one would be ignored in silence."""
    known = {f"SEMALIGN_{field.upper()}" for field in (*Settings.model_fields, *StoreSettings.model_fields)}
    used = {variable for variable in deployment.container(name).environment if variable.startswith("SEMALIGN_")}
    assert "SEMALIGN_BROKER_URL" in used
    assert used <= known


def test_worker_has_longer_to_stop_than_it_takes(deployment: Any) -> None:
    """The engine does not kill a worker that still hands its running job back."""
    assert Settings.model_fields["shutdown_grace_s"].default < int(
        deployment.services["worker"]["stop_grace_period"].rstrip("s")
    )


def test_gpu_worker_runs_only_where_asked_for(deployment: Any) -> None:
    """Plain `docker compose up` starts no GPU worker, and the GPU worker computes on CUDA."""
    assert deployment.services["worker-gpu"]["profiles"] == ["gpu"]
    assert all("profiles" not in deployment.services[name] for name in ("api", "worker", "redis"))
    assert deployment.container("worker-gpu").environment["SEMALIGN_DEVICE"] == "cuda"
    assert deployment.container("worker").environment["SEMALIGN_DEVICE"] == "cpu"


def test_api_image_gets_no_torch() -> None:
    """What semalign needs without extras, all the way down, brings neither torch nor scipy."""
    needed: set[tuple[str, str]] = set()
    waiting = [("semalign", "")]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in needed:
            continue
        needed.add((name, extra))
        for requirement in map(Requirement, importlib.metadata.requires(name) or []):
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                waiting += [(requirement.name, each) for each in ("", *requirement.extras)]
    names = {name.lower() for name, _ in needed}
    assert {"fastapi", "numpy", "celery"} <= names
    assert not {"torch", "scipy", "matplotlib"} & names
