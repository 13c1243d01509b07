"""The report of a calibration: complete, self-contained, and with nothing in it that a browser would run."""

import re
from typing import Any

import httpx
import pytest
from html_elements import Elements

from service.report import ReportContent, ReportedFile, render_report
from service.report.convergence import HEIGHT, WIDTH, curve_of

EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
LOSS = {"total_px2": 12.0, "mean_distance_px": None, "per_class": {"car": {"px2": 12.0, "points": 3}}}


def result(**changes: Any) -> dict[str, Any]:
    """Return a result as the worker writes it."""
    sigma = dict.fromkeys(("pitch", "yaw", "roll", "right", "down", "forward"), 0.123)
    return {
        "outcome": "converged",
        "message": "The extrinsic was found.",
        "verdict": "low",
        "reasons": ["The frames leave yaw open."],
        "T_cam_lidar": [[0, -1, 0, 0.05], [0, 0, -1, -0.06], [1, 0, 0, -0.29], [0, 0, 0, 1]],
        "quaternion_wxyz": [0.5, -0.5, 0.5, -0.5],
        "translation_m": [0.05, -0.06, -0.29],
        "camera_center_lidar_m": [0.29, 0.05, -0.06],
        "change": {"rotation_deg": 10.5, "camera_center_m": 0.02},
        "alignment_loss": {"before": LOSS, "after": LOSS, "ratio": 1.0},
        "confidence": {"sigma": sigma, "observed": dict.fromkeys(sigma, False), "contradicting_frames": [2]},
        "models": {"image": {"source": "network", "name": "a_net", "reason": "It suits."}},
        "seconds": {"calibration": 1.5},
        "seed": 42,
        "version": "9.8.7",
        **changes,
    }


def test_it_tells_everything() -> None:
    """Verdict and reasons, inputs, losses, uncertainty, versions and seed."""
    content = ReportContent(
        result(),
        overlays={"initial": b"one", "final": b"two"},
        request={"profile": "robust"},
        files=[ReportedFile("image", "front.png", 2048)],
        history=[3.0, 2.0, 1.0],
        job_id="0" * 32,
    )
    text = " ".join(Elements(render_report(content)).text.split())
    for words in (
        "This extrinsic is doubtful",
        "The frames leave yaw open.",
        "front.png",
        "2.0 KiB",
        "0.123°",
        "the prior: the frames do not tell",
        "At odds with the rest: frame 2",
        "a_net. It suits.",
        "Seed42",
        "semalign 9.8.7",
        "3 steps of the refinement, from 3 px² to 1 px²",
        '"profile": "robust"',
        "Before: the initial extrinsic",
    ):
        assert words in text, words


def test_sizes_that_nobody_knows_have_no_column() -> None:
    """A server knows the parts of a job, not how large they were."""
    for size, shown in ((2048, True), (None, False)):
        text = Elements(render_report(ReportContent(result(), files=[ReportedFile("image", "front.png", size)]))).text
        assert "front.png" in text
        assert ("partfilesize" in "".join(text.split())) is shown


def test_it_needs_and_runs_nothing_else() -> None:
    """No script, no handler, no address but of embedded pictures; browsers are told so, too."""
    elements = Elements(render_report(ReportContent(result(), overlays={"final": b"png"}, history=[1.0, 2.0]))).found
    assert not {"script", "link", "iframe", "object", "form"} & {tag for tag, _ in elements}
    for _, attributes in elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        for name in ("src", "href"):
            assert (attributes.get(name) or "data:").startswith("data:")
    (policy,) = [attributes["content"] for _, attributes in elements if "http-equiv" in attributes]
    assert policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("where", ["file", "class", "reason", "model", "request", "message", "id"])
def test_nothing_that_others_wrote_is_markup(where: str) -> None:
    """Names of files and classes, messages and the request are text, wherever they stand."""
    loss = {**LOSS, "per_class": {EVIL: {"px2": 1.0, "points": 1}}} if where == "class" else LOSS
    changes: dict[str, Any] = {"alignment_loss": {"before": loss, "after": loss, "ratio": 1.0}}
    if where == "reason":
        changes["reasons"] = [EVIL]
    if where == "message":
        changes["message"] = EVIL
    if where == "model":
        changes["models"] = {EVIL: {"source": EVIL, "name": EVIL, "reason": EVIL}}
    content = ReportContent(
        result(**changes),
        files=[ReportedFile(EVIL, EVIL)] if where == "file" else [],
        request={EVIL: EVIL} if where == "request" else None,
        colours={EVIL: (1, 2, 3)},
        job_id=EVIL if where == "id" else "",
    )
    elements = Elements(render_report(content))
    assert not {"script", "img"} & {tag for tag, _ in elements.found}
    assert "<script>alert(1)</script>" in elements.text.replace("\\", "")


def test_little_is_enough() -> None:
    """A profile without a verdict, and a job whose inputs are deleted, have a report too."""
    text = Elements(render_report(ReportContent(result(verdict=None, reasons=[], confidence=None)))).text
    assert "This profile gives no verdict" in text
    assert "The request itself is deleted" in text
    assert "Convergence" not in text


def test_a_profile_without_a_curve_says_how_clear_the_answer_was() -> None:
    """The scores of `robust` change from stage to stage."""
    confidence = {"sigma": {}, "observed": {}, "rival_margin": 0.5, "rival_distance_deg": 7.25, "least_drop": 2.0}
    text = Elements(render_report(ReportContent(result(confidence=confidence)))).text
    assert "0.5 nats; that one lies 7.25° away" in text
    assert "at least2 nats" in text


def test_the_curve_fills_its_box() -> None:
    """From left to right, its extremes at top and bottom; thousands of steps are thinned out, the last one stays."""
    curve = curve_of([10.0, float("nan"), *(5.0 - index / 1000 for index in range(5000))])
    assert curve is not None
    corners = [tuple(map(float, pair.split(","))) for pair in curve.points.split()]
    assert corners[0] == (0, 0)
    assert corners[-1] == (WIDTH, HEIGHT)
    assert len(corners) <= 402
    assert curve_of([1.0]) is None


def test_the_server_hands_it_out(stack: Any, make_job: Any) -> None:
    """With a policy of its own; a class of that name does no harm; before the end there is none."""
    upload = make_job(seconds=0.05)
    upload.request |= {"point_label_map": {"1": EVIL}}
    del upload.request["cloud_model"]
    upload.more = [("point_labels", ("labels.label", b"\x01\0\0\0" * 10))]
    job = stack.submit(upload)
    stack.wait_for_end(job)
    answer = stack.http.get(f"/jobs/{job}/report")
    assert answer.status_code == 200
    assert "style-src 'sha256-" in answer.headers["content-security-policy"]
    assert f"calibration-report-{job}.html" in answer.headers["content-disposition"]
    assert not re.search(r"<script|<img src=x", answer.text)
    assert "&lt;script&gt;" in answer.text
    assert answer.text.count("data:image/png;base64,") == 2
    busy = stack.submit(make_job(seconds=3))
    early: httpx.Response = stack.http.get(f"/jobs/{busy}/report")
    assert (early.status_code, early.json()["type"]) == (409, "result-not-ready")
    stack.http.delete(f"/jobs/{busy}")
