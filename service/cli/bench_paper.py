"""`semalign bench paper`: the paper's tables and its Figure 7, with the frames and networks at hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer
from rich.console import Console
from rich.markdown import Markdown
from rich.progress import Progress

from service.cli.errors import EXIT_BAD_INPUT, CommandError, errors_as_sentences

if TYPE_CHECKING:
    from worker.bench.paper.reproduction import Reproduction
    from worker.calibration.config import Profile

DEFAULT_CACHE = Path("~/.cache/semalign/segmentation")


def paper(
    data_dir: Annotated[Path, typer.Argument(help="Folder of frame folders.", exists=True, file_okay=False)],
    out: Annotated[Path, typer.Option(help="Folder for report.md, results.json and pictures.", file_okay=False)],
    select: Annotated[
        list[str] | None, typer.Option(help="Glob of frame names; repeat for more. All if left out.")
    ] = None,
    image_model: Annotated[str | None, typer.Option(help="Network for the images.")] = None,
    cloud_model: Annotated[str | None, typer.Option(help="Network for the clouds.")] = None,
    labels: Annotated[
        Path | None, typer.Option(help="Folder of label files that take the networks' place.", exists=True)
    ] = None,
    profiles: Annotated[str, typer.Option(help="Profiles to measure, separated by commas.")] = "paper,robust",
    seed: Annotated[int, typer.Option(help="Seed of starts, search and poses.", min=0)] = 0,
    cache: Annotated[Path, typer.Option(help="Where segmentations are kept between runs.")] = DEFAULT_CACHE,
    threads: Annotated[int, typer.Option(help="Threads of torch.", min=1)] = 2,
) -> None:
    """Measure what the paper's Tables I to III and Figure 7 report, and write it beside the paper's own figures."""
    import torch

    from worker.bench.frames import SegmentationCache
    from worker.bench.paper.data_set import load_paper_frame
    from worker.bench.paper.provenance import provenance
    from worker.bench.paper.reproduction import reproduce
    from worker.calibration.config import CalibrationConfig
    from worker.inputs.frame_folder import list_frame_folders

    console = Console(stderr=True)
    torch.set_num_threads(threads)
    segmentations = SegmentationCache(cache.expanduser())
    with errors_as_sentences():
        # Before an hour of work, not after it.
        chosen = _profiles(profiles)
        check_plots()
        out.mkdir(parents=True, exist_ok=True)
        with Progress(console=console, transient=True) as bar:
            folders = {folder.path: folder for glob in select or ["*"] for folder in list_frame_folders(data_dir, glob)}
            frames = [
                load_paper_frame(f, segmentations, image_model=image_model, cloud_model=cloud_model, labels=labels)
                for f in bar.track(list(folders.values()), description="segmenting")
            ]
            tasks = {stage: bar.add_task(stage, total=None) for stage in ("ranking poses", "calibrating")}
            reproduction = reproduce(
                frames,
                chosen,
                CalibrationConfig(),
                seed=seed,
                settings={
                    "data_dir": data_dir.name,
                    "select": select or ["*"],
                    "profiles": chosen,
                    "seed": seed,
                    "image_model": image_model,
                    "cloud_model": cloud_model,
                    "labels": labels.name if labels else None,
                },
                provenance=provenance(frames, *((None, None) if labels else (image_model, cloud_model))),
                on_step=lambda stage, total: bar.update(tasks[stage], total=total, advance=1),
            )
        _write(out, reproduction, console)


def _profiles(text: str) -> list[Profile]:
    from worker.calibration.config import Profile

    known = get_args(Profile)
    names = list(dict.fromkeys(name.strip() for name in text.split(",")))
    if unknown := [name for name in names if name not in known]:
        raise CommandError(
            f"--profiles names {', '.join(map(repr, unknown))}: choose among {', '.join(known)}, separated by commas.",
            EXIT_BAD_INPUT,
        )
    return [cast("Profile", name) for name in names]


def check_plots() -> None:
    """See that pictures can be drawn.

    Raises:
        CommandError: matplotlib is not installed.
    """
    from importlib.util import find_spec

    if find_spec("matplotlib") is None:
        raise CommandError("The pictures need matplotlib: install it with `pip install 'semalign[bench]'`.")


def _write(out: Path, reproduction: Reproduction, console: Console) -> None:
    from worker.bench.paper.plots import draw_all
    from worker.bench.paper.report import markdown_report, write_report, write_results

    # Numbers first: no picture is worth an hour's measurements.
    results = write_results(out, reproduction)
    pictures = draw_all(out, reproduction)
    report = write_report(out, reproduction, pictures)
    Console().print(Markdown(markdown_report(reproduction)))
    console.print(f"written: {', '.join(str(path) for path in (report, results, *pictures))}")
