"""The command as a whole."""

import subprocess
import sys

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


def test_shell_completion_can_be_installed() -> None:
    """The script for a shell names the command."""
    shown = subprocess.run(
        [sys.executable, "-c", "from service.cli.main import main; main()", "--show-completion", "bash"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 0, shown.stderr
    assert "complete" in shown.stdout
