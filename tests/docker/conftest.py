"""The deployment's files, read: what each container would run, and in which environment."""

import json
import re
import shlex
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import yaml


@dataclass(frozen=True)
class Dockerfile:
    """The instructions of a Dockerfile's last stage, as (word, arguments)."""

    instructions: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, path: Path) -> "Dockerfile":
        """Read a file; comments are dropped, continued lines joined."""
        lines = [line for line in path.read_text().splitlines() if line.strip() and not line.lstrip().startswith("#")]
        joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
        pairs = [(word, rest) for word, _, rest in (line.partition(" ") for line in joined.splitlines())]
        last_stage = max(index for index, (word, _) in enumerate(pairs) if word == "FROM")
        return cls(tuple(pairs[last_stage:]))

    def last(self, word: str) -> str:
        """Return the arguments of the last instruction of this kind."""
        return [rest for name, rest in self.instructions if name == word][-1]

    @property
    def command(self) -> list[str]:
        """Return CMD."""
        return list(json.loads(self.last("CMD")))

    @property
    def health_check(self) -> list[str]:
        """Return the command of HEALTHCHECK."""
        return list(json.loads(self.last("HEALTHCHECK").partition("CMD")[2]))

    @property
    def environment(self) -> dict[str, str]:
        """Return all of ENV."""
        words = [word for name, rest in self.instructions if name == "ENV" for word in shlex.split(rest)]
        return dict(word.split("=", 1) for word in words)


@dataclass(frozen=True)
class Container:
    """What one service of the compose file runs."""

    command: list[str]
    environment: dict[str, str]
    health_check: list[str]


@dataclass(frozen=True)
class Deployment:
    """The compose file and what belongs to it."""

    root: Path

    @property
    def compose_file(self) -> Path:
        """Return the compose file."""
        return self.root / "docker-compose.yml"

    @property
    def gpu_file(self) -> Path:
        """Return what is laid over the compose file where there is a GPU."""
        return self.root / "docker" / "gpu.compose.yml"

    @property
    def dockerfiles(self) -> list[Path]:
        """Return the Dockerfiles."""
        return sorted((self.root / "docker").glob("*.Dockerfile"))

    @cached_property
    def services(self) -> dict[str, dict[str, Any]]:
        """The services, with every variable at its default."""
        text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", self.compose_file.read_text())
        assert "${" not in text, "a variable has no default"
        services: dict[str, dict[str, Any]] = yaml.safe_load(text)["services"]
        return services

    def container(self, name: str) -> Container:
        """Put a service and its image together."""
        service = self.services[name]
        if "build" not in service:
            return Container(service["command"], {}, service["healthcheck"]["test"][1:])
        image = Dockerfile.read(self.root / service["build"]["dockerfile"])
        environment = {**image.environment, **service.get("environment", {})}
        return Container(service.get("command", image.command), environment, image.health_check)


@pytest.fixture(scope="session")
def deployment() -> Deployment:
    """Return the deployment of this repository."""
    return Deployment(Path(__file__).parents[2])
