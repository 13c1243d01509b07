"""`semalign render`: write rendered street scenes with exact truth as frame folders."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track


def render(
    out: Annotated[Path, typer.Option(help="Folder to write to; one folder a frame is made in it.")],
    frames: Annotated[int, typer.Option(min=1, help="Number of frames.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")] = 0,
    label_noise: Annotated[
        float, typer.Option(min=0.0, max=0.5, help="Share of the labels made wrong; 0 keeps them exact.")
    ] = 0.0,
    beams: Annotated[int, typer.Option(min=2, max=256, help="Beams of the spinning LiDAR.")] = 64,
    rigs_vary: Annotated[
        bool, typer.Option("--rigs-vary", help="Give every frame a rig of its own instead of one for all.")
    ] = False,
    varied: Annotated[
        bool,
        typer.Option(
            "--varied",
            help="Draw sensors, rig, light, colours and contents anew for every frame, to train networks on.",
        ),
    ] = False,
    width: Annotated[int, typer.Option(min=64, max=4096, help="Width of the image in pixels.")] = 1241,
) -> None:
    """Render street scenes: image, point cloud, labels of both, intrinsics and extrinsic, all exact."""
    from worker.scenes import CameraConfig, LidarConfig, RigConfig, SceneConfig, generate, vary, write_frame
    from worker.scenes import render as render_scene

    config = SceneConfig(
        camera=CameraConfig().scaled_to(width),
        lidar=LidarConfig(num_beams=beams),
        rig=RigConfig(varies=rigs_vary),
        label_noise=label_noise,
    )
    console = Console()
    for index in track(range(frames), description="Rendering", console=console):
        of_frame = vary(config, seed, index) if varied else config
        write_frame(out / f"scene_{index:06d}", render_scene(generate(seed, index, of_frame)))
    console.print(f"{frames} frame{'s' if frames > 1 else ''} in {out}")
