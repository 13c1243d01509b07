"""The compose file and the Dockerfiles, checked without an engine."""

import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from models.settings import StoreSettings
from worker.settings import Settings
from worker.version import __version__

OWN_SERVICES = ("api", "worker")
TOOLS = Path(sys.executable).parent


def run(*command: str | Path, programs: Path | None = None) -> str:
    """Run a tool that must succeed, with `programs` before all others, and return what it printed."""
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"} if programs else None
    words = [str(word) for word in command]
    finished = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def stand_in(folder: Path, name: str, script: str) -> Path:
    """Put a program of this name into a folder."""
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return folder


def merged(folder: Path, *compose_files: Path) -> dict[str, Any]:
    """Return the compose files as podman-compose reads them together."""
    # It asks for the version of podman before it reads anything, and for nothing else here.
    programs = stand_in(folder, "podman", "echo podman version 5.0.0")
    named = [word for file in compose_files for word in ("-f", file)]
    printed = run(TOOLS / "podman-compose", *named, "config", programs=programs)
    configuration: dict[str, Any] = yaml.safe_load(printed)
    return configuration


def test_compose_files_keep_the_specification(deployment: Any) -> None:
    """The compose file and its variant for GPUs are valid by the schema of the Compose specification."""
    schema = ("--builtin-schema", "vendor.compose-spec")
    run(TOOLS / "check-jsonschema", *schema, deployment.compose_file, deployment.gpu_file)


def test_compose_reads_the_file(deployment: Any, tmp_path: Path) -> None:
    """A program that starts containers from the file makes of it what these tests read in it."""
    services = merged(tmp_path, deployment.compose_file)["services"]
    assert set(services) == {"api", "worker", "redis"}
    assert services["api"]["environment"] == deployment.services["api"]["environment"]


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


@pytest.mark.parametrize("name", ["api", "redis", "worker"])
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


def test_workers_can_be_multiplied(deployment: Any) -> None:
    """`--scale worker=N` works: no two workers want the same name or port."""
    worker = deployment.services["worker"]
    assert not {"container_name", "hostname", "ports"} & set(worker)
    assert "semalign@%h" in deployment.container("worker").command


def test_anonymous_callers_come_from_this_machine_only(deployment: Any) -> None:
    """The API listens to all of its container, asks for no key, and is published on loopback only."""
    assert deployment.services["api"]["environment"]["SEMALIGN_ALLOW_ANONYMOUS"] == "1"
    assert all(port.startswith("127.0.0.1:") for port in deployment.services["api"]["ports"])


def test_the_gpu_file_makes_the_worker_compute_on_one_gpu(deployment: Any, tmp_path: Path) -> None:
    """It changes the image, the device and what is reserved; the worker stays confined."""
    worker = merged(tmp_path, deployment.compose_file, deployment.gpu_file)["services"]["worker"]
    assert worker["image"] == f"semalign-worker-gpu:{__version__}"
    assert worker["environment"]["SEMALIGN_DEVICE"] == "cuda"
    (device,) = worker["deploy"]["resources"]["reservations"]["devices"]
    assert (device["driver"], device["device_ids"], device["capabilities"]) == ("nvidia", ["0"], ["gpu"])
    assert worker["read_only"] is True
    assert worker["cap_drop"] == ["ALL"]
    assert worker["environment"]["SEMALIGN_BROKER_URL"] == "redis://redis:6379/0"


def test_bases_are_pinned(deployment: Any) -> None:
    """Every image from elsewhere is named with a patch version, in Dockerfiles and compose file."""
    bases = [service["image"] for service in deployment.services.values() if "build" not in service]
    for dockerfile in deployment.dockerfiles:
        text = dockerfile.read_text()
        bases += re.findall(r"^ARG PYTHON_IMAGE=(\S+)", text, re.MULTILINE)
        assert set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) == {"${PYTHON_IMAGE}"}
    assert len(bases) == 3
    assert all(re.fullmatch(r"[\w/]+:\d+\.\d+\.\d+[\w-]*(@sha256:[0-9a-f]{64})?", base) for base in bases), bases


def test_build_script_builds_every_image_from_its_dockerfile(deployment: Any, tmp_path: Path) -> None:
    """It hands the builder Dockerfiles and ignore files that exist, and the tags that the compose files start."""
    programs = stand_in(tmp_path, "buildah", 'echo "$@"')
    script = deployment.root / "docker" / "build.sh"
    printed = run(script, "api", "worker", "worker-gpu", programs=programs)
    calls = [line.split() for line in printed.splitlines() if line.startswith("build ")]
    tags = [call[call.index("--tag") + 1] for call in calls]
    assert tags == [f"semalign-{name}:{__version__}" for name in ("api", "worker", "worker-gpu")]
    for call in calls:
        for option in ("--file", "--ignorefile"):
            assert (deployment.root / call[call.index(option) + 1]).is_file()


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
