"""The report of an evaluation: what it says for each verdict, over HTTP and with results as workers compute them."""

import copy
from typing import Any

import numpy as np
import pytest
from html_elements import Elements

from service.report import ReportContent, render_report

EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
NAMES = ("pitch", "yaw", "roll", "right", "down", "forward")
LOSS = {"total_px2": 12.0, "mean_distance_px": 2.5, "per_class": {"car": {"px2": 12.0, "points": 3}}}
T = [[0, -1, 0, 0.05], [0, 0, -1, -0.06], [1, 0, 0, -0.29], [0, 0, 0, 1]]


def result(**changes: Any) -> dict[str, Any]:
    """Return a result as the worker writes it."""
    return {
        "kind": "evaluation",
        "verdict": "aligned",
        "reasons": ["The frames ask for no other extrinsic."],
        "T_cam_lidar": T,
        "quaternion_wxyz": [0.5, -0.5, 0.5, -0.5],
        "translation_m": [0.05, -0.06, -0.29],
        "axis_angle_rad": [1.2, -1.2, 1.2],
        "camera_center_lidar_m": [0.29, 0.05, -0.06],
        "alignment_loss": {"given": LOSS, "estimate": LOSS | {"total_px2": 7.5}},
        "z_score": 4.25,
        "share_beaten": 0.98,
        "gain": 0.0625,
        "departure": {
            "along": dict(zip(NAMES, (0.1, -0.2, 0.3, 0.01, -0.02, 0.03), strict=True)),
            "xi": [0.0] * 6,
            "covariance": np.diag([np.radians(0.4) ** 2] * 3 + [0.05**2] * 3).tolist(),
            "statistic": 3.75,
            "threshold": 16.8,
            "smallest_visible": dict.fromkeys(NAMES, 0.625),
        },
        "estimate_T_cam_lidar": T,
        "change": {"rotation_deg": 0.37, "camera_center_m": 0.04},
        "confidence": {"sigma": {}, "least_drop": 0.75, "cue_disagreement_deg": 0.45, "score": 1.0},
        "tracking": False,
        "seconds": {"segmentation": 0.5, "evaluation": 0.25},
        "models": {"image": {"source": "network", "name": "a_net", "reason": "It suits."}},
        "seed": 42,
        "version": "9.8.7",
        **changes,
    }


def undecided(**changes: Any) -> dict[str, Any]:
    """Return a result of frames that show nothing."""
    nothing = dict.fromkeys(
        ("z_score", "share_beaten", "gain", "departure", "estimate_T_cam_lidar", "change", "confidence")
    )
    return result(
        verdict="cannot_tell",
        reasons=["The extrinsic puts no LiDAR point into the image."],
        alignment_loss={"given": LOSS, "estimate": None},
        **nothing,
        **changes,
    )


def text_of(html: str) -> str:
    """Return what is to be read, each piece of it parted by one space."""
    return " ".join(Elements(html).words)


def test_it_tells_everything() -> None:
    """Verdict and reasons, the departure beside its doubt and what would be seen, how clear it is, and how it came."""
    content = ReportContent(
        result(),
        overlays={"initial": b"one", "final": b"two"},
        request={"seed": 42},
        job_id="0" * 32,
        rig="van-12.front",
    )
    text = text_of(render_report(content))
    for words in (
        "Evaluation report " + "0" * 32,
        "No drift was seen (verdict: aligned)",
        "The frames ask for no other extrinsic.",
        "rig van-12.front",
        "yaw (turn about y) -0.200° 0.400° 0.625°",
        "centre, to the right (x) +0.010 m 0.050 m 0.625 m",
        "the statistic is 3.75 , the threshold 16.8 . That is within what chance explains",
        "lies 0.37° and 0.04 m from the one in question",
        "Given: the extrinsic in question",
        "Estimate: the nearest extrinsic that the frames ask for",
        "class given, px² points at the estimate, px² points car 12 3 12 3 all 12 7.5",
        "Better than random turns of up to 2.5° by 4.25 standard deviations",
        "it beats 98 %",
        "0.0625 nats an observation",
        "at least 0.75 nats",
        "ask for 0.45°",
        "a_net. It suits.",
        "Tracked no",
        "Seed 42",
        "semalign 9.8.7",
        "Time for the evaluation 0.25 s",
        '"seed": 42',
    ):
        assert words in text, words
    assert "Uncertainty" not in text


def test_a_drift_is_said_to_be_more_than_chance() -> None:
    """In the headline and beside the statistic."""
    departure = result()["departure"] | {"statistic": 250.0}
    text = text_of(render_report(ReportContent(result(verdict="drifted", departure=departure))))
    assert "The extrinsic has drifted: calibrate again" in text
    assert "the statistic is 250 , the threshold 16.8 . That is more than chance explains" in text
    assert "cannot tell" not in text


def test_without_an_estimate_there_is_nothing_to_compare() -> None:
    """The reason is there, the loss of the given extrinsic, and no empty table."""
    html = render_report(ReportContent(undecided(), overlays={"initial": b"one"}))
    text = text_of(html)
    assert "These frames cannot tell (verdict: cannot_tell)" in text
    assert "The extrinsic puts no LiDAR point into the image." in text
    assert "there is neither a departure nor an estimate" in text
    assert "class given, px² points car 12 3 all 12" in text
    for words in ("The estimate", "at the estimate", "Estimate:", "How clear", "standard deviation"):
        assert words not in text, words


def test_a_verdict_against_the_statistic_is_explained() -> None:
    """Cues that contradict each other make a large departure one that nobody can tell."""
    departure = result()["departure"] | {"statistic": 250.0}
    text = text_of(render_report(ReportContent(result(verdict="cannot_tell", departure=departure))))
    assert "The verdict says all the same that the frames cannot tell" in text


def test_a_tracked_frame_is_said_to_be_tracked() -> None:
    """What only a full evaluation computes is left out; the rest is there."""
    text = text_of(
        render_report(ReportContent(result(tracking=True, z_score=None, share_beaten=None, confidence=None)))
    )
    assert "Tracked: a short climb" in text
    assert "Tracked yes" in text
    assert "yaw (turn about y) -0.200° 0.400°" in text
    assert "0.0625 nats an observation" in text
    for words in ("standard deviations", "random turns of up", "Turned by one degree"):
        assert words not in text, words


def test_results_from_before_tracking_have_a_report() -> None:
    """They were not tracked."""
    older = result()
    del older["tracking"]
    assert "Tracked no" in text_of(render_report(ReportContent(older)))


def test_a_direction_in_which_nothing_would_be_seen_says_so() -> None:
    """However large a drift is."""
    departure = copy.deepcopy(result()["departure"])
    departure["smallest_visible"]["yaw"] = None
    text = text_of(render_report(ReportContent(result(departure=departure))))
    assert "yaw (turn about y) -0.200° 0.400° none" in text


@pytest.mark.parametrize("where", ["reason", "class", "model", "rig"])
def test_nothing_that_others_wrote_is_markup(where: str) -> None:
    """Sentences, names of classes, models and rigs are text, wherever they stand."""
    changes: dict[str, Any] = {}
    if where == "reason":
        changes["reasons"] = [EVIL]
    if where == "class":
        loss = LOSS | {"per_class": {EVIL: {"px2": 1.0, "points": 1}}}
        changes["alignment_loss"] = {"given": loss, "estimate": loss}
    if where == "model":
        changes["models"] = {EVIL: {"source": EVIL, "name": EVIL, "reason": EVIL}}
    elements = Elements(render_report(ReportContent(result(**changes), rig=EVIL if where == "rig" else "")))
    assert not {"script", "img"} & {tag for tag, _ in elements.found}
    assert "<script>alert(1)</script>" in elements.text


@pytest.mark.parametrize(
    ("turn_deg", "ahead_m", "tracking", "verdict", "headline"),
    [
        (0.0, 0, False, "aligned", "No drift was seen"),
        (1.5, 0, False, "drifted", "The extrinsic has drifted"),
        (0.8, 0, True, "drifted", "The extrinsic has drifted"),
        (0.0, 500, False, "cannot_tell", "These frames cannot tell"),
    ],
)
def test_the_server_hands_it_out(
    evaluate_sample: Any, turn_deg: float, ahead_m: float, tracking: bool, verdict: str, headline: str
) -> None:
    """Of every verdict, with the numbers of the result, its pictures, and a name that tells what it is."""
    api, job_id = evaluate_sample(turn_deg, ahead_m, tracking=tracking)
    answer, told = api.http.get(f"/jobs/{job_id}/report"), api.http.get(f"/jobs/{job_id}").json()["result"]
    assert told["verdict"] == verdict, told["reasons"]
    assert answer.status_code == 200, answer.text
    text = text_of(answer.text)
    assert headline in text
    for reason in told["reasons"]:
        assert reason in text
    assert "rig van ·" in text
    assert "evaluation-report-" in answer.headers["content-disposition"]
    assert "style-src 'sha256-" in answer.headers["content-security-policy"]
    assert ("Tracked: a short climb" in text) is tracking
    if verdict == "cannot_tell":
        assert answer.text.count("data:image/png;base64,") == 1
    else:
        assert answer.text.count("data:image/png;base64,") == 2
        yaw = told["departure"]["along"]["yaw"]
        doubt = np.degrees(np.sqrt(told["departure"]["covariance"][1][1]))
        assert f"yaw (turn about y) {yaw:+.3f}° {doubt:.3f}°" in text
