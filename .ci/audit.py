"""Asks the advisories of PyPI about every pinned version; a database out of reach is said, and fails nothing.

Usage: audit.py CONSTRAINTS. It exits with 1 if a version has a known vulnerability, else with 0.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

TIMEOUT_S = 600


def main() -> int:
    """Audit one version first: where that gets no answer, the other questions would not either."""
    constraints = Path(sys.argv[1])
    first = next(line for line in constraints.read_text().splitlines() if "==" in line)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as probe:
        probe.write(first)
        probe.flush()
        answer = audit(Path(probe.name))
    if answer is None or not audited(answer):
        print("pip-audit: the advisory database cannot be reached from here, so NOTHING WAS AUDITED.")
        return 0
    dependencies = audit(constraints)
    if dependencies is None:
        print("pip-audit: the advisory database stopped answering, so NOT EVERYTHING WAS AUDITED.")
        return 0
    vulnerable = [each for each in dependencies if each.get("vulns")]
    for each in vulnerable:
        for advisory in each["vulns"]:
            fixed = ", ".join(advisory["fix_versions"]) or "no version yet"
            print(f"{each['name']} {each['version']}: {advisory['id']}, fixed in {fixed}")
    known = audited(dependencies)
    print(f"pip-audit: {len(known)} versions audited, {len(dependencies) - len(known)} not known to the database.")
    return 1 if vulnerable else 0


def audit(requirements: Path) -> list[dict[str, Any]] | None:
    """Return what pip-audit says of each dependency, or None if it broke off."""
    command = ["pip-audit", "--requirement", str(requirements), "--no-deps", "--disable-pip", "--format", "json"]
    try:
        done = subprocess.run(
            [*command, "--progress-spinner", "off"], capture_output=True, text=True, check=False, timeout=TIMEOUT_S
        )
        return list(json.loads(done.stdout)["dependencies"])
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        return None


def audited(dependencies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return those that the database knows."""
    return [each for each in dependencies if "vulns" in each]


if __name__ == "__main__":
    sys.exit(main())
