"""`semalign render`: as many folders as asked for, and a sentence at the end."""

from pathlib import Path

import numpy as np
import typer
from typer.testing import CliRunner

from service.cli.render import render


def test_render_writes_the_frames_asked_for(tmp_path: Path) -> None:
    """Two frames of a 16-beam LiDAR are two complete folders that share their rig."""
    app = typer.Typer()
    app.command()(render)
    result = CliRunner().invoke(app, ["--out", str(tmp_path), "--frames", "2", "--seed", "1", "--beams", "16"])
    assert result.exit_code == 0, result.output
    folders = sorted(path.name for path in tmp_path.iterdir())
    assert folders == ["scene_000000", "scene_000001"]
    assert "2 frames in" in result.output
    first, second = (tmp_path / name for name in folders)
    assert (first / "gt.json").read_bytes() == (second / "gt.json").read_bytes()
    assert (first / "image.png").read_bytes() != (second / "image.png").read_bytes()
    assert len(np.fromfile(first / "cloud.bin", dtype="<f4")) == 4 * len(np.fromfile(first / "labels.label", "<u4"))
