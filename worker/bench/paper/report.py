"""The reproduction on paper: `report.md` to read and `results.json` to compute with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from worker.bench.paper.figure7 import figure7_markdown
from worker.bench.paper.jobs import ABLATED_PROFILE
from worker.bench.paper.pose_sets import MAX_ROTATION_DEG, MAX_TRANSLATION_M, NUM_POSES
from worker.bench.paper.reproduction import Reproduction
from worker.bench.paper.table1 import table1_markdown
from worker.bench.paper.table2 import table2_markdown
from worker.bench.paper.table3 import START_ROTATION_DEG, table3_markdown

REPORT, RESULTS = "report.md", "results.json"


def write_results(out: Path, reproduction: Reproduction) -> Path:
    """Write `results.json` into the folder `out` and return its path."""
    path = out / RESULTS
    path.write_text(json.dumps(as_json(reproduction), indent=1) + "\n", encoding="utf-8")
    return path


def write_report(out: Path, reproduction: Reproduction, pictures: Sequence[Path]) -> Path:
    """Write `report.md` into the folder `out`, with links to pictures beside it, and return its path."""
    path = out / REPORT
    path.write_text(markdown_report(reproduction, pictures), encoding="utf-8")
    return path


def markdown_report(reproduction: Reproduction, pictures: Sequence[Path] = ()) -> str:
    """Write tables and figure, each with what must be known to read it."""
    provenance = "\n".join(f"- {sentence}" for sentence in reproduction.provenance)
    sections = [
        "# The paper's experiments, measured again",
        "Degrees, unless said otherwise. One frame a job. The paper's frames, networks and ours differ: see below each "
        "table.",
        _lacking(reproduction),
        *_table1(reproduction, provenance),
        *_table2(reproduction, provenance),
        *_table3(reproduction, provenance),
        *_figure7(reproduction, provenance),
        *(f"![{picture.stem}]({picture.name})" for picture in pictures),
    ]
    return "\n\n".join(sections) + "\n"


def _lacking(reproduction: Reproduction) -> str:
    if not reproduction.lacking_a_class:
        return "Every frame shows car, road and sidewalk in the image and in the cloud."
    listed = "\n".join(f"- {frame}: no {', no '.join(what)}" for frame, what in reproduction.lacking_a_class.items())
    return (
        "The paper leaves out frames that lack car, road or sidewalk in the image or in the cloud. Here they count; "
        f"they are:\n\n{listed}"
    )


def _table1(reproduction: Reproduction, provenance: str) -> list[str]:
    return [
        "## Table I: rotation that is left after calibration",
        table1_markdown(reproduction.table1),
        "Starts turn the camera about its own centre by a uniform roll, pitch and yaw. Calibrations that end with the "
        "initial extrinsic count with its error. On KITTI detection, whose calibration the paper calls misaligned, "
        "every error is a difference from the published calibration.",
        provenance,
    ]


def _table2(reproduction: Reproduction, provenance: str) -> list[str]:
    title = "## Table II: without single parts, medians"
    if not reproduction.table2:
        return [title, f"Not measured: the parts are those of profile `{ABLATED_PROFILE}`, which did not run."]
    return [
        title,
        table2_markdown(reproduction.table2),
        f"Profile `{ABLATED_PROFILE}`, whose parts these are. Without the M rule a search may end where hardly a point "
        "is in view; the initial extrinsic is returned then, and counts with its error.",
        provenance,
    ]


def _table3(reproduction: Reproduction, provenance: str) -> list[str]:
    left_out = sorted({frame for row in reproduction.table3 for frame in row.without_ratio})
    remark = f" Without a ratio, because a loss is 0: {', '.join(left_out)}." if left_out else ""
    return [
        "## Table III: Eq. 1 after calibration and at the published calibration",
        table3_markdown(reproduction.table3),
        f"Geometric means over frames, jobs of Table I from ±{START_ROTATION_DEG:g}°; the paper does not say how wrong "
        "its starts were here. Eq. 1 also falls when points leave the image, so their number stands beside it."
        + remark,
        provenance,
    ]


def _figure7(reproduction: Reproduction, provenance: str) -> list[str]:
    unranked = sorted({frame for row in reproduction.figure7 for frame in row.unranked})
    remark = f" Not ranked, because the loss is the same everywhere: {', '.join(unranked)}." if unranked else ""
    return [
        "## Figure 7: rank correlation of the loss with the error",
        figure7_markdown(reproduction.figure7),
        f"Spearman's index over {NUM_POSES} poses a frame, angle uniform up to {MAX_ROTATION_DEG:g}°, distance of the "
        f"camera centre uniform up to {MAX_TRANSLATION_M:g} m, averaged over frames. The paper's text gives its two "
        "figures for rotation and translation errors, the caption of its Figure 7 for quaternion and Euler errors. The "
        "displacement of points looks at the truth: nothing that only sees projections can be expected to rank better."
        + remark,
        provenance,
    ]


def as_json(reproduction: Reproduction) -> dict[str, Any]:
    """Return everything but the single poses of Figure 7 as plain values."""
    return {
        "settings": reproduction.settings,
        "provenance": reproduction.provenance,
        "class_counts": {
            frame: {name: asdict(count) for name, count in counts.items()}
            for frame, counts in reproduction.counts.items()
        },
        "lacking_a_class": reproduction.lacking_a_class,
        "table1": [asdict(row) for row in reproduction.table1],
        "table2": [asdict(row) for row in reproduction.table2],
        "table3": [{**asdict(row), "geometric_mean": row.geometric_mean} for row in reproduction.table3],
        "figure7": [asdict(row) for row in reproduction.figure7],
        "figure7_frames": [
            {
                "frame": ranking.frame,
                "objective": ranking.objective,
                "poses": ranking.poses.title,
                "quaternion": ranking.quaternion,
                "euler": ranking.euler,
                "translation": ranking.translation,
            }
            for ranking in reproduction.rankings
        ],
        "jobs": [{**asdict(case), "jobs": list(records)} for case, records in reproduction.jobs.items()],
    }
