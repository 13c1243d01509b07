"""The audit of dependencies: it fails for what is known, and says where nothing could be known."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci" / "audit.py"
SOUND: dict[str, Any] = {"name": "sound", "version": "1.0", "vulns": []}
UNKNOWN = {"name": "private", "skip_reason": "not found"}
VULNERABLE = {"name": "rotten", "version": "2.0", "vulns": [{"id": "PYSEC-0", "fix_versions": ["2.1"]}]}


@pytest.mark.parametrize(
    ("answer", "status", "message"),
    [
        (json.dumps({"dependencies": [SOUND, UNKNOWN]}), 0, "1 versions audited, 1 not known"),
        (json.dumps({"dependencies": [SOUND, VULNERABLE]}), 1, "rotten 2.0: PYSEC-0, fixed in 2.1"),
        (json.dumps({"dependencies": [UNKNOWN]}), 0, "NOTHING WAS AUDITED"),
        ("connection refused", 0, "NOTHING WAS AUDITED"),
    ],
)
def test_only_a_known_vulnerability_fails(tmp_path: Path, answer: str, status: int, message: str) -> None:
    """The answers of the program that asks the database, each with what becomes of it."""
    program = tmp_path / "pip-audit"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\n")
    program.chmod(0o755)
    (tmp_path / "constraints.txt").write_text("sound==1.0\n")
    environment = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    command = [sys.executable, str(SCRIPT), str(tmp_path / "constraints.txt")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert message in done.stdout
    assert done.returncode == status
