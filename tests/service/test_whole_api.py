"""The whole API, as its own description says it is: hundreds of requests that nobody thought of."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CONFIG = """
hooks = "{hooks}"
# What a picture, a cloud or a calibration file is no JSON schema can say; these statuses are for those that are none.
[[operations]]
include-method = "POST"
checks.positive_data_acceptance.expected-statuses = [200, 202, 413, 415, 422]
"""


@pytest.mark.slow
def test_the_api_is_what_it_says(make_api: Any, tmp_path: Path) -> None:
    """No 5xx, no status, header, media type or field that is not described, no way around the keys."""
    api = make_api("ann", rate_per_key="100000/second", open_jobs_per_key=100_000, max_stream_s=0.1, max_wait_s=1)
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG.format(hooks=Path(__file__).with_name("api_examples.py")))
    program = Path(sys.executable).with_name("schemathesis")
    options = {
        "--config-file": str(config),
        "--header": f"Authorization: {api.keys['ann'].header['Authorization']}",
        "--checks": "all",
        "--max-examples": "3",
        "--request-timeout": "60",
    }
    words = [word for pair in options.items() for word in pair]
    ended = subprocess.run(
        [program, *words[:2], "run", f"{api.http.base_url}/openapi.json", *words[2:], "--generation-deterministic"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    listed = api.http.get("/jobs", headers=api.keys["ann"].header).json()["jobs"]
    assert listed, "nothing was accepted, so that little was tried"
