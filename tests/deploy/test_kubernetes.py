"""The Kubernetes manifests, checked without a cluster: schemas, confinement, and the broker's access list."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import redis.exceptions
import yaml

from worker import child_process
from worker.broker import answers, find_server
from worker.dispatch import Dispatcher
from worker.jobs.record import JobInputs
from worker.jobs.store import JobStore, connect
from worker.jobs.transitions import Verdict
from worker.settings import Settings
from worker.version import __version__

MANIFESTS = Path(__file__).parents[2] / "deploy" / "kubernetes"
FILES = sorted(MANIFESTS.rglob("*.yaml"))
WORKLOADS = ("Deployment", "StatefulSet")
OLDEST, NEWEST = "1.31", "1.37"


def documents(*files: Path) -> list[dict[str, Any]]:
    return [document for file in files for document in yaml.safe_load_all(file.read_text())]


def of_kind(*kinds: str) -> list[dict[str, Any]]:
    return [document for document in documents(*FILES) if document["kind"] in kinds]


def named(kind: str, name: str) -> dict[str, Any]:
    (found,) = [each for each in of_kind(kind) if each["metadata"]["name"] == name]
    return found


def pod_specs() -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each["spec"]["template"]["spec"] for each in of_kind(*WORKLOADS)}


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(MANIFESTS)))
def test_manifests_keep_the_schema(file: Path, version: str) -> None:
    """Every object is valid, without a field that the API server would not know, in old and new clusters."""
    for document in documents(file):
        kubernetes_validate.validate(document, version, strict=True)
        assert document["metadata"].get("namespace", "semalign") == "semalign"


def test_every_pod_is_confined() -> None:
    """Pods pass the `restricted` standard that their namespace enforces, with a read-only root and bounded memory."""
    (namespace,) = of_kind("Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert set(pod_specs()) == {"semalign-api", "semalign-worker", "semalign-worker-gpu", "valkey"}
    for pod in pod_specs().values():
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            security = container["securityContext"]
            assert security["allowPrivilegeEscalation"] is False
            assert security["readOnlyRootFilesystem"] is True
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert "memory" in container["resources"]["limits"]


def test_every_container_is_watched_and_pinned() -> None:
    """Each has a startup and a liveness probe, and an image of one version: ours the one that this is."""
    for name, pod in pod_specs().items():
        (container,) = pod["containers"]
        assert {"startupProbe", "livenessProbe"} <= set(container)
        expected = "valkey/valkey:8.1.3-alpine" if name == "valkey" else f"{name}:{__version__}"
        assert container["image"] == expected


def test_settings_and_references_exist() -> None:
    """No misspelt setting is ignored in silence, and no pod waits for a secret that has another name."""
    known = {f"SEMALIGN_{field.upper()}" for field in Settings.model_fields}
    for kind in ("ConfigMap", "Secret"):
        for document in of_kind(kind):
            variables = document.get("data", {}) | document.get("stringData", {})
            assert {name for name in variables if name.startswith("SEMALIGN_")} <= known
    for pod in pod_specs().values():
        for container in pod["containers"]:
            assert {each["name"] for each in container.get("env", [])} <= known
            for source in container.get("envFrom", []):
                ((kind, reference),) = source.items()
                assert named({"configMapRef": "ConfigMap", "secretRef": "Secret"}[kind], reference["name"])
        for volume in pod["volumes"]:
            if "secret" in volume:
                assert named("Secret", volume["secret"]["secretName"])
    labels = [each["spec"]["template"]["metadata"]["labels"] for each in of_kind(*WORKLOADS)]
    for service in of_kind("Service"):
        assert [each for each in labels if service["spec"]["selector"].items() <= each.items()]


def test_configuration_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    """API and workers start with what the config map and the template of the secret say."""
    for kind, name in (("ConfigMap", "semalign"), ("Secret", "semalign")):
        document = named(kind, name)
        for variable, value in (document.get("data", {}) | document.get("stringData", {})).items():
            monkeypatch.setenv(variable, value)
    settings = Settings()
    assert settings.storage_url.startswith("s3://")
    assert not settings.allow_anonymous
    assert settings.metrics_port == 9101


def test_the_gpu_workers_differ_in_nothing_but_the_gpu() -> None:
    """What is changed for one kind of worker is not forgotten for the other."""
    cpu, gpu = documents(MANIFESTS / "worker.yaml", MANIFESTS / "gpu" / "worker.yaml")
    (container,) = gpu["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"].pop("nvidia.com/gpu") == 1
    same = yaml.safe_dump(gpu).replace("semalign-worker-gpu", "semalign-worker").replace("value: cuda", "value: cpu")
    assert yaml.safe_load(same) == cpu


def test_no_secret_is_committed() -> None:
    """The templates hold nothing but places to fill in."""
    for secret in of_kind("Secret"):
        for value in secret["stringData"].values():
            assert "CHANGE-ME" in value


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    """Start the broker with the arguments of its manifest and the users of the template, and return a URL for it."""
    users = tmp_path / "users.acl"
    users.write_text(named("Secret", "semalign-valkey")["stringData"]["users.acl"])
    (container,) = pod_specs()["valkey"]["containers"]
    here = {"/data": str(tmp_path), "/etc/valkey/users.acl": str(users)}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [find_server(), *(here.get(word, word) for word in container["args"])]
    server = child_process.start([*command, "--port", str(port), "--bind", "127.0.0.1"], log=tmp_path / "broker.log")
    secret: str = named("Secret", "semalign")["stringData"]["SEMALIGN_BROKER_URL"]
    url = secret.replace("@valkey:6379", f"@127.0.0.1:{port}")
    deadline = time.monotonic() + 30
    while not answers(url):
        assert time.monotonic() < deadline, (tmp_path / "broker.log").read_text()
        time.sleep(0.05)
    yield url
    server.stop(10)


def test_the_access_list_allows_what_the_service_does(broker: str) -> None:
    """Its user may do all that jobs and queues need."""
    settings = Settings(broker_url=broker)
    jobs = JobStore(connect(broker, timeout_s=5))
    assert jobs.create("a", JobInputs("request.json", ())) is Verdict.OK
    assert jobs.begin("a", "w", 30).verdict is Verdict.OK
    dispatcher = Dispatcher(settings)
    dispatcher.publish("a")
    assert dispatcher.workers(0.1) == []


@pytest.mark.parametrize("who", ["", "semalign:a-guess@", "default:CHANGE-ME@"])
def test_the_access_list_keeps_others_out(broker: str, who: str) -> None:
    """Without the password nobody reads a job, not even from within the cluster."""
    with pytest.raises(redis.exceptions.AuthenticationError):
        connect(broker.replace("semalign:CHANGE-ME@", who), timeout_s=5).ping()


def test_the_services_own_user_is_no_administrator(broker: str) -> None:
    """Who takes over an API process cannot empty the broker or change who may use it."""
    client = connect(broker, timeout_s=5)
    for command in ("FLUSHALL", "ACL LIST", "CONFIG GET dir", "SHUTDOWN"):
        with pytest.raises(redis.exceptions.NoPermissionError):
            client.execute_command(*command.split())
