"""`semalign bench drift`, on a street of which no drift is seen well: what is measured and written."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from service.cli.main import app


@pytest.mark.parametrize("switch", [(), ("--tracking",)])
def test_drifts_are_shown_and_counted(frame_folder: Path, tmp_path: Path, switch: tuple[str, ...]) -> None:
    """To evaluated frames and to tracked ones, with the same table; the settings say which."""
    pytest.importorskip("matplotlib")
    data, out = tmp_path / "data", tmp_path / "out"
    for name in ("a", "b"):
        shutil.copytree(frame_folder, data / name)
    options = ["--labels", data, "--frames-per-watch", 2, "--trials", 1, "--out", out, *switch]
    result = CliRunner().invoke(app, [str(word) for word in ("bench", "drift", data, *options)])
    assert result.exit_code == 0, result.output
    written = json.loads((out / "drift.json").read_text())
    assert written["settings"]["tracking"] is bool(switch)
    (watches,) = written["watches"].values()
    assert len(watches) == 2 * 7
    assert all((each["z_score"] is None) >= bool(switch) for each in watches)
    table = (out / "drift.md").read_text()
    assert "no drift" in table
    assert "| 2 frames |" in table
