"""The command as a whole."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from service.cli.main import app
from worker.version import __version__

COMMANDS = ("bench", "calibrate", "demo", "models", "render", "up")


def test_importing_the_command_loads_no_torch() -> None:
    """Help and completion stay quick: only commands that compute load what computes."""
    code = "import sys, service.cli.main; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "service.cli.main" in loaded
    assert not {"torch", "scipy", "matplotlib", "numba"} & set(loaded)


def test_a_choice_that_is_none_is_said_plainly() -> None:
    """In the words of this command, not of the library that looked."""
    result = CliRunner().invoke(app, ["export", "x", "--format", "bogus"])
    assert result.exit_code == 2
    assert "'bogus' is not one of" in result.stderr
    assert "Value error" not in result.stderr


def test_version_is_printed() -> None:
    """`--version` needs no command."""
    result = CliRunner().invoke(app, ["--version"])
    assert result.exit_code == 0
    assert result.stdout == f"semalign {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    """Each command says what it does."""
    assert command in CliRunner().invoke(app, ["--help"]).stdout
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert "Usage" in result.stdout


def test_a_shell_completes_commands() -> None:
    """What the installed completion of a shell asks, the command answers."""
    question = {"_SEMALIGN_COMPLETE": "complete_bash", "COMP_WORDS": "semalign cal", "COMP_CWORD": "1"}
    command = Path(sys.executable).with_name("semalign")
    answer = subprocess.run([command], env={**os.environ, **question}, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["calibrate"]
