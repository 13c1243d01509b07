"""The page in a real browser, over the real service."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Locator, Page, Route, expect
from scipy.spatial.transform import Rotation

from worker.cameras import camera_from_model
from worker.inputs.camera_model import CameraModel

SAMPLE = Path(__file__).parents[3] / "service" / "page" / "sample"
OpenPage = Callable[..., Page]


def pixels(element: Locator) -> np.ndarray:
    """Return what is to be seen of an element, (H, W, 3)."""
    return np.asarray(Image.open(io.BytesIO(element.screenshot())).convert("RGB")).astype(int)


def settled(element: Locator, page: Page) -> np.ndarray:
    """Return what is to be seen of an element after everything asked for was drawn."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return pixels(element)


def loss_shown(page: Page) -> float:
    """Return the loss beside the picture of the sliders, once it is there."""
    expect(page.locator("#nudge-reading")).to_have_attribute("data-px2", re.compile(r"\d"))
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return float(page.locator("#nudge-reading").get_attribute("data-px2") or "nan")


def axe_findings(page: Page) -> list[tuple[str, str]]:
    """Return the serious findings of axe-core, each with the first element that it is about."""
    found = Axe().run(page).response["violations"]
    return [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in {"serious", "critical"}]


def test_the_sample_goes_all_the_way(open_page: OpenPage, sample_job: dict[str, Any]) -> None:
    """From the button to the verdict in plain words, a file to take along, and the list of past jobs."""
    page = open_page()
    page.get_by_role("button", name="Try the sample").click()
    expect(page.locator("#verdict h2")).to_have_text("You can trust this rotation")
    expect(page.locator("#verdict")).to_contain_text("Against the truth")
    for reason in sample_job["result"]["reasons"]:
        expect(page.locator("#verdict")).to_contain_text(reason)
    for name, mark in (("kitti", "Tr:"), ("ros", "rotation"), ("json", '"verdict"'), ("report", "<html")):
        with page.expect_download() as downloading:
            page.locator(f"[data-format={name}]").click()
        assert mark in Path(downloading.value.path()).read_text()
    with page.expect_download() as downloading:
        page.locator("[data-format=kitti-raw]").click()
    assert downloading.value.suggested_filename.endswith(".zip")
    job_address = page.url.rpartition("#")[2]
    page.get_by_role("link", name="Past jobs").click()
    listed = page.locator(f".jobs a[href='#{job_address}']")
    expect(listed).to_contain_text("Done")
    expect(listed).to_contain_text("You can trust this rotation")


def test_a_job_is_followed_while_it_runs(open_page: OpenPage, server: str) -> None:
    """Stage and progress come as they go, and with the paper's method the curve of its loss."""
    page = open_page()
    request = json.loads((SAMPLE / "request.json").read_text())
    request |= {"profile": "paper", "options": {"min_points_in_view": 100, "num_iterations": 1500}}
    page.route("**/page/sample/request.json", lambda route: route.fulfill(json=request))
    page.get_by_role("button", name="Try the sample").click()
    # Looked for with every picture of the screen: on a fast machine it is there for a moment only.
    page.evaluate("""() => new Promise(done => {
        const isThere = () => document.querySelector(".stages .now")?.textContent === "Refining";
        const look = () => (isThere() ? done() : requestAnimationFrame(look));
        look();
    })""")
    expect(page.locator("#loss-curve polyline")).to_have_count(1)
    assert float(page.locator("progress").evaluate("bar => bar.value")) > 0.3
    expect(page.locator("#verdict")).to_contain_text("does not say how far to trust")
    expect(page.locator("#history polyline")).to_have_count(1)


def test_a_job_is_followed_without_a_stream(open_page: OpenPage) -> None:
    """Where the server has no event stream to spare, the page asks now and then, and says nothing of it."""
    page = open_page()
    busy = {"type": "too-many-streams", "title": "Too many streams", "status": 503, "detail": "Poll instead."}
    page.route(
        "**/events",
        lambda route: route.fulfill(status=503, json=busy, headers={"Content-Type": "application/problem+json"}),
    )
    page.get_by_role("button", name="Try the sample").click()
    expect(page.locator("#verdict h2")).to_have_text("You can trust this rotation")
    expect(page.get_by_role("alert").filter(has_text="Poll instead")).to_have_count(0)


def test_the_slider_uncovers_before_and_after(open_page: OpenPage, sample_job: dict[str, Any]) -> None:
    """By keyboard: at one end the picture before is seen, at the other the one after."""
    page = open_page(f"/#/jobs/{sample_job['id']}")
    slider, picture = page.locator(".slider input"), page.locator(".slider")
    slider.focus()
    slider.press("End")
    before = settled(picture, page)
    slider.press("Home")
    after = settled(picture, page)
    assert (np.abs(before - after).sum(axis=2) > 30).mean() > 0.05


def test_the_cloud_is_drawn(open_page: OpenPage, sample_job: dict[str, Any]) -> None:
    """WebGL shows points in the colours of their classes, both cameras, and other colours when asked."""
    page = open_page(f"/#/jobs/{sample_job['id']}")
    canvas = page.locator("#cloud-canvas")
    page.locator("#nudge-reading").scroll_into_view_if_needed()
    canvas.scroll_into_view_if_needed()
    expect(canvas).to_have_attribute("data-ready", "true")
    drawn = settled(canvas, page)

    def share_of(colour: tuple[int, int, int], image: np.ndarray) -> float:
        return float((np.abs(image - colour).max(axis=2) < 12).mean())

    road, before, after = (196, 96, 255), (245, 169, 91), (45, 212, 191)
    assert share_of(road, drawn) > 0.02
    assert share_of(before, drawn) > 0.0002
    assert share_of(after, drawn) > 0.0002
    page.get_by_label("picture", exact=True).check()
    by_picture = settled(canvas, page)
    assert share_of(road, by_picture) < 0.002
    page.get_by_role("button", name="From above").click()
    assert (np.abs(settled(canvas, page) - by_picture).max(axis=2) > 30).mean() > 0.05


def test_the_loss_follows_the_hand(open_page: OpenPage, sample_job: dict[str, Any]) -> None:
    """The browser's loss is the server's; a slider and a key change it, and with it the picture, within a moment."""
    losses = sample_job["result"]["alignment_loss"]
    page = open_page(f"/#/jobs/{sample_job['id']}")
    canvas = page.locator("#nudge-canvas")
    found = loss_shown(page)
    # Single points on the border of a class make up the little that is left at the end.
    assert found == pytest.approx(losses["after"]["total_px2"], rel=0.1, abs=50)
    canvas.scroll_into_view_if_needed()
    seen = settled(canvas, page)
    page.locator("#nudge-yaw").focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    turned = loss_shown(page)
    assert turned > 100 * found
    assert (np.abs(settled(canvas, page) - seen).max(axis=2) > 30).mean() > 0.02
    canvas.focus()
    page.keyboard.press("Shift+ArrowRight")
    assert loss_shown(page) > turned
    page.get_by_role("button", name="Go to what you gave").click()
    assert loss_shown(page) == pytest.approx(losses["before"]["total_px2"], rel=0.01)
    # What one move costs, without the waiting for the next picture of the screen.
    cost_ms = page.evaluate(
        """async job => {
        const [{ loadFrame }, { makeLoss }] = await Promise.all(
            ["frame", "loss"].map(name => import(`./page/static/${name}.js`)));
        const frame = await loadFrame(job, new AbortController().signal);
        const loss = await makeLoss(frame);
        const times = [];
        for (let i = 0; i < 30; i++) {
            const start = performance.now();
            loss(job.result.T_cam_lidar);
            frame.camera.project(job.result.T_cam_lidar, frame.points);
            times.push(performance.now() - start);
        }
        return Math.min(...times);
    }""",
        sample_job,
    )
    assert cost_ms < 100


def test_calibrating_from_here_starts_where_the_sliders_are(open_page: OpenPage, sample_job: dict[str, Any]) -> None:
    """The new job has the same files, and the extrinsic of the sliders."""
    page = open_page(f"/#/jobs/{sample_job['id']}")
    loss_shown(page)
    page.locator("#nudge-pitch").focus()
    page.keyboard.press("PageUp")
    page.get_by_role("button", name="Calibrate from here").click()
    page.wait_for_url(lambda url: "#/jobs/" in url and not url.endswith(sample_job["id"]))
    expect(page.locator("#verdict h2")).to_have_text("You can trust this rotation")
    job = page.evaluate("async id => (await fetch(`jobs/${id}`)).json()", page.url.rpartition("/")[2])
    start, found = np.array(job["result"]["initial_T_cam_lidar"]), np.array(sample_job["result"]["T_cam_lidar"])
    cosine = (np.trace(start[:3, :3] @ found[:3, :3].T) - 1) / 2
    assert np.degrees(np.arccos(cosine)) > 0.2


def test_calibrating_from_a_tracked_look_searches(
    open_page: OpenPage, server: str, sample_parts: list[tuple[str, Any]]
) -> None:
    """A calibration refuses to track: what was asked of the look is not asked of it, and all else is the same."""
    request = json.loads(sample_parts[-1][1][1]) | {"options": {"tracking": True}}
    with httpx.Client(base_url=server, timeout=120) as http:
        parts = [*sample_parts[:-1], ("request", (None, json.dumps(request)))]
        look = http.post("/evaluate", files=parts, headers={"Prefer": "wait=60"}).json()
        while look["state"] in {"queued", "running"}:
            look = http.get(f"/jobs/{look['id']}", headers={"Prefer": "wait=60"}).json()
    assert look["result"]["tracking"], look
    page = open_page(f"/#/jobs/{look['id']}")
    loss_shown(page)
    page.get_by_role("button", name="Calibrate from here").click()
    page.wait_for_url(lambda url: "#/jobs/" in url and not url.endswith(look["id"]))
    expect(page.locator("#verdict h2")).to_have_text("You can trust this rotation")
    job = page.evaluate("async id => (await fetch(`jobs/${id}`)).json()", page.url.rpartition("/")[2])
    assert job["kind"] == "calibrate"
    sent = page.evaluate("async id => (await fetch(`jobs/${id}/inputs/request.json`)).json()", job["id"])
    assert not sent["options"]["tracking"]
    assert sent["image_label_map"] == request["image_label_map"]


def test_a_broken_file_is_said_beside_it_and_nothing_is_lost(open_page: OpenPage, tmp_path: Path) -> None:
    """The server's sentence stands at the field; what was typed stays; the repaired form is accepted."""
    page = open_page()
    page.get_by_role("button", name="Calibrate").click()
    expect(page.locator("#image-error")).to_contain_text("Choose a picture")
    broken = tmp_path / "broken.png"
    broken.write_bytes((SAMPLE / "image_labels.png").read_bytes()[:300])
    page.locator("#image").set_input_files(broken)
    page.locator("#point_cloud").set_input_files(SAMPLE / "cloud.laz")
    page.locator("#fx").focus()
    page.evaluate("""() => {
        const data = new DataTransfer();
        data.setData("text", "[[718.856, 0, 607.1928], [0, 718.856, 185.2157], [0, 0, 1]]");
        const paste = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
        document.activeElement.dispatchEvent(paste);
    }""")
    expect(page.locator("#cy")).to_have_value("185.2157")
    page.locator("#matrix").fill("0 -1 0 0.05\n0 0 -1 -0.06\n1 0 0")
    page.get_by_role("button", name="Calibrate").click()
    expect(page.locator("#extrinsic-error")).to_contain_text("12 or 16 numbers")
    page.locator("#matrix").fill("0 -1 0 0.05\n0 0 -1 -0.06\n1 0 0 -0.29")
    expect(page.locator("#extrinsic-words")).to_contain_text("looks along the LiDAR's +x, and its up is the LiDAR's +z")
    page.get_by_role("button", name="Calibrate").click()
    expect(page.locator("#image-error")).to_contain_text("image")
    expect(page.locator("#image")).to_have_attribute("aria-invalid", "true")
    assert page.locator("#image").evaluate("field => field === document.activeElement")
    expect(page.locator("#fx")).to_have_value("718.856")
    page.locator("#image").set_input_files([SAMPLE / "image.jpg", SAMPLE / "image_labels.png"])
    page.get_by_role("button", name="Calibrate").click()
    expect(page.locator("#point_cloud-error")).to_contain_text("number of pictures, 2, is not that of sweeps, 1")
    page.locator("#matrix").fill("0 -2 0 0.05\n0 0 -1 -0.06\n1 0 0 -0.29")
    page.locator("#image").set_input_files(SAMPLE / "image.jpg")
    page.get_by_role("button", name="Calibrate").click()
    expect(page.locator("#extrinsic-error")).to_contain_text("rigid")
    expect(page.locator("#point_cloud-files")).to_contain_text("cloud.laz")


def test_a_calibration_file_fills_the_form_in(open_page: OpenPage, tmp_path: Path) -> None:
    """A file of KITTI gives intrinsics and extrinsic; one that is none is said to be none."""
    (tmp_path / "calib.txt").write_text("P2: 700 0 600 0 0 710 180 0 0 0 1 0\nTr: 0 -1 0 0.1 0 0 -1 -0.2 1 0 0 -0.3\n")
    (tmp_path / "notes.txt").write_text("Remember the milk.")
    page = open_page()
    page.locator("#calibration_file").set_input_files(tmp_path / "calib.txt")
    expect(page.locator("#fy")).to_have_value("710")
    expect(page.locator("#matrix")).to_have_value("0  -1  0  0.1\n0  0  -1  -0.2\n1  0  0  -0.3\n0  0  0  1")
    page.locator("#calibration_file").set_input_files(tmp_path / "notes.txt")
    expect(page.locator("#calibration_file-error")).to_contain_text("notes.txt")
    expect(page.locator("#fy")).to_have_value("710")


def test_a_file_of_several_cameras_asks_which(open_page: OpenPage, tmp_path: Path) -> None:
    """The tables of nuScenes, chosen together: their cameras are named, and typing one fills the form in."""
    mounting = {"translation": [0, 0, 1], "rotation": [0.5, -0.5, 0.5, -0.5]}
    matrices = {"CAM_FRONT": 700, "CAM_BACK": 900, "LIDAR_TOP": None}
    table = [
        mounting
        | {"sensor_token": name.lower(), "camera_intrinsic": [[fx, 0, 600], [0, fx, 180], [0, 0, 1]] if fx else []}
        for name, fx in matrices.items()
    ]
    sensors = [{"token": name.lower(), "channel": name} for name in matrices]
    files = [tmp_path / "calibrated_sensor.json", tmp_path / "sensor.json"]
    for path, content in zip(files, (table, sensors), strict=True):
        path.write_text(json.dumps(content))
    page = open_page()
    page.locator("#calibration_file").set_input_files(files)
    expect(page.locator("#calibration_file-error")).to_have_text(
        "Say below which frame of calibrated_sensor.json is meant: CAM_BACK, CAM_FRONT."
    )
    expect(page.get_by_label("Camera in the file")).to_be_focused()
    page.keyboard.type("CAM_BACK")
    page.keyboard.press("Tab")
    expect(page.locator("#fx")).to_have_value("900")
    expect(page.locator("#calibration_file-error")).to_be_empty()
    expect(page.locator("#calibration_file-note")).to_contain_text("CAM_BACK and the extrinsic from LIDAR_TOP")


def test_without_a_class_that_counts_no_loss_is_shown(open_page: OpenPage, sample_job: dict[str, Any]) -> None:
    """No number and no valley in place of a loss that there is not; the verdict has other cues."""
    nothing = {"total_px2": 0, "mean_distance_px": None, "per_class": {}}
    result = sample_job["result"] | {"alignment_loss": {"before": nothing, "after": nothing, "ratio": None}}
    page = open_page()
    page.route(f"**/jobs/{sample_job['id']}", lambda route: route.fulfill(json=sample_job | {"result": result}))

    def uncounted(route: Route) -> None:
        view = route.fetch().json()
        route.fulfill(json=view | {"classes": [each | {"counted": False} for each in view["classes"]]})

    page.route("**/view", uncounted)
    page.goto(page.url + f"#/jobs/{sample_job['id']}")
    expect(page.locator("#nudge-reading")).to_contain_text("No point of a class that counts is in view")
    expect(page.locator("#verdict")).to_contain_text("Turned by")
    expect(page.locator("#verdict")).not_to_contain_text("px")
    expect(page.get_by_text("Take it with you")).to_be_visible()
    expect(page.locator("#valley")).to_have_count(0)


def test_intrinsics_of_another_size_are_refused_until_they_are_changed(open_page: OpenPage, tmp_path: Path) -> None:
    """A file of camera_info about pictures of another size is told beside the camera; its owner may scale it."""
    width, height = Image.open(SAMPLE / "image.jpg").size
    info = f"image_width: {2 * width}\nimage_height: {2 * height}\nK: [700, 0, 600, 0, 710, 180, 0, 0, 1]\n"
    (tmp_path / "camera_info.yaml").write_text(info)
    page = open_page()
    page.route("**/calibrate", lambda route: route.fulfill(status=503, json={}))
    page.locator("#image").set_input_files(SAMPLE / "image.jpg")
    page.locator("#point_cloud").set_input_files(SAMPLE / "cloud.laz")
    page.locator("#calibration_file").set_input_files(tmp_path / "camera_info.yaml")
    expect(page.locator("#fy")).to_have_value("710")
    page.locator("#matrix").fill("0 -1 0 0.05\n0 0 -1 -0.06\n1 0 0 -0.29")
    page.get_by_role("button", name="Calibrate").click()
    said = rf"{2 * width}.{2 * height} pixels, but image.jpg has {width}.{height}"
    expect(page.locator("#camera-error")).to_contain_text(re.compile(said))
    page.locator("#fx").fill("350")
    page.get_by_role("button", name="Calibrate").click()
    expect(page.locator("#form-error")).to_contain_text("503")
    page.locator("#calibration_file").set_input_files([])
    (tmp_path / "camera_info.yaml").write_text(
        info.replace(str(2 * width), str(width)).replace(str(2 * height), str(height))
    )
    page.locator("#calibration_file").set_input_files(tmp_path / "camera_info.yaml")
    expect(page.locator("#fx")).to_have_value("700")
    page.get_by_role("button", name="Calibrate").click()
    expect(page.locator("#form-error")).to_contain_text("503")
    expect(page.locator("#camera-error")).to_be_empty()


def test_pictures_are_opened_as_the_camera_wrote_them(open_page: OpenPage) -> None:
    """EXIF data that ask for a turn are passed over, as by the server: intrinsics are about the pixels as they are."""
    picture = Image.new("RGB", (60, 20), "red")
    picture.paste("blue", (0, 0, 30, 20))
    exif = Image.Exif()
    exif[0x0112] = 6
    turned, plain, other = io.BytesIO(), io.BytesIO(), io.BytesIO()
    picture.save(turned, "JPEG", exif=exif)
    picture.save(plain, "JPEG")
    picture.save(other, "PNG")
    page = open_page()
    for file in (turned, plain, other):
        size, left = page.evaluate(
            """async bytes => {
            const { openPicture } = await import("./page/static/picture.js");
            const bitmap = await openPicture(new Blob([new Uint8Array(bytes)]));
            const context = new OffscreenCanvas(60, 20).getContext("2d");
            context.drawImage(bitmap, 0, 0);
            return [[bitmap.width, bitmap.height], [...context.getImageData(5, 10, 1, 1).data]];
        }""",
            list(file.getvalue()),
        )
        assert size == [60, 20]
        assert left[2] > 200 > 50 > left[0]


def test_dropped_files_find_their_places(open_page: OpenPage) -> None:
    """A picture, a sweep and a calibration file that are dropped together are told apart by their endings."""
    page = open_page()
    page.locator("#form").evaluate("""form => {
        const data = new DataTransfer();
        for (const name of ["b.png", "sweep.pcd", "a.png"]) data.items.add(new File(["x"], name));
        data.items.add(new File(['{"K": [[700, 0, 600], [0, 710, 180], [0, 0, 1]]}'], "camera.json"));
        form.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
    }""")
    expect(page.locator("#image-files")).to_have_text("a.png, 1 kB · b.png, 1 kB")
    expect(page.locator("#point_cloud-files")).to_have_text("sweep.pcd, 1 kB")
    expect(page.locator("#fy")).to_have_value("710")


def test_a_watched_rig_is_shown(open_page: OpenPage, server: str, sample_parts: list[tuple[str, Any]]) -> None:
    """Its status in plain words, how it moved, what happened, and each look with its own verdict."""
    with httpx.Client(base_url=server, timeout=120) as http:
        for seed in (0, 1):
            parts = [
                *sample_parts[:-1],
                ("request", (None, json.dumps(json.loads(sample_parts[-1][1][1]) | {"seed": seed}))),
            ]
            answer = http.post("/rigs/van-12.front/frames", files=parts, headers={"Prefer": "wait=60"})
            job = answer.json()
            while job["state"] in {"queued", "running"}:
                job = http.get(f"/jobs/{job['id']}", headers={"Prefer": "wait=60"}).json()
            assert job["state"] == "succeeded", job
    page = open_page("/#/rigs")
    page.get_by_role("link", name="van-12.front").click()
    expect(page.locator("#rig-status")).to_contain_text("2")
    expect(page.locator("#rig-history polyline")).to_have_count(3)
    assert axe_findings(page) == []
    page.locator(".plain a").first.click()
    expect(page.locator("h1").filter(has_text="A look for drift")).to_be_visible()
    expect(page.locator("#verdict h2")).to_have_text(re.compile("fits|drifted|cannot tell"))
    expect(page.locator("[data-format=kitti]")).to_have_count(0)
    with page.expect_download() as downloading:
        page.locator("[data-format=report]").click()
    assert downloading.value.suggested_filename.startswith("evaluation-report-")
    assert "rig van-12.front" in Path(downloading.value.path()).read_text()
    expect(page.locator("#valley")).to_be_visible()


def test_a_server_with_keys_asks_for_one(open_page: OpenPage, make_api: Callable[..., Any]) -> None:
    """The key is asked for once, kept in this tab only, and its owner's jobs are shown."""
    api = make_api("ann")
    page = open_page("/#/jobs", base=str(api.http.base_url).rstrip("/"))
    expect(page.locator("#key-dialog")).to_be_visible()
    page.get_by_label("API key").fill("semalign_wrong")
    page.get_by_role("button", name="Use it").click()
    expect(page.locator("#key-error")).to_contain_text("mistyped")
    page.get_by_label("API key").fill(api.keys["ann"].text)
    page.get_by_role("button", name="Use it").click()
    expect(page.locator("#jobs-list")).to_contain_text("There are none yet")
    assert page.evaluate("[localStorage.length, sessionStorage.getItem('semalign.key')]") == [0, api.keys["ann"].text]


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (360, False)])
def test_nothing_is_in_the_way_of_anyone(
    open_page: OpenPage, sample_job: dict[str, Any], width: int, dark: bool
) -> None:
    """No finding of axe that is serious, light and dark; nothing sticks out of a phone's screen."""
    places = [("/", "#try-sample"), (f"/#/jobs/{sample_job['id']}", "#valley"), ("/#/jobs", ".jobs li")]
    for address, ready in places if width < 1000 else places[:2]:
        page = open_page(address, width=width, dark=dark)
        expect(page.locator(ready).first).to_be_visible()
        assert axe_findings(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_sliders_move_the_camera_along_its_own_axes(open_page: OpenPage) -> None:
    """A turn is right-handed about the camera's own axis and leaves its centre; a shift leaves its rotation."""
    T = np.eye(4)
    T[:3] = [[0.8, -0.6, 0.0, 0.1], [0.0, 0.0, -1.0, -0.2], [0.6, 0.8, 0.0, 0.3]]
    page = open_page()
    for name, about, along in [
        *(("pitch", "x", None), ("yaw", "y", None), ("roll", "z", None)),
        *(("right", None, 0), ("down", None, 1), ("forward", None, 2)),
    ]:
        motion = np.eye(4)  # the pose of the camera afterwards, in the frame of the one before
        if about is not None:
            motion[:3, :3] = Rotation.from_euler(about, 2.5, degrees=True).as_matrix()
        else:
            motion[along, 3] = 0.025
        moved = page.evaluate(
            "async ([T, name]) => (await import('./page/static/rigid.js')).nudged(T, { [name]: 2.5 })",
            [T.tolist(), name],
        )
        np.testing.assert_allclose(moved, np.linalg.inv(motion) @ T, atol=1e-12)


PASTED = {
    "[[0.0, -1, 2e-1, 5], [1, 0, 0, -6.5e-2], [0, 0, 1, .7]]": [0, -1, 0.2, 5, 1, 0, 0, -0.065, 0, 0, 1, 0.7],
    "Tr: 1 2 3 4 5 6 7 8 9 10 11 12": [*range(1, 13)],
    "array([[1., 2., 3., 4.],\n [5., 6., 7., 8.],\n [9., 10., 11., 12.],\n [0., 0., 0., 1.]])": [*range(1, 13)],
    '{"T_cam_lidar": [[1,2,3,4],[5,6,7,8],[9,10,11,12],[0,0,0,1]]}': [*range(1, 13)],
}


def test_matrices_are_read_as_people_paste_them(open_page: OpenPage) -> None:
    """JSON, numpy, KITTI and plain numbers give the same rows; anything else gives none."""
    page = open_page()
    read = "async text => (await import('./page/static/numbers.js')).matrixIn(text)"
    for text, numbers in PASTED.items():
        assert np.ravel(page.evaluate(read, text))[:12].tolist() == numbers, text
    assert page.evaluate(read, "1 2 3") is None


MODELS = [
    {"model": "pinhole"},
    {"model": "pinhole", "distortion": [-0.37, 0.2, 0.001, -0.0005, -0.07]},
    {"model": "pinhole", "distortion": [0.2, -0.1, 0.001, 0.001, 0.02, 0.4, -0.05, 0.03]},
    {"model": "fisheye", "distortion": [-0.02, 0.005, -0.003, 0.0004]},
    {"model": "omnidirectional", "distortion": [-0.1, 0.02, 0.0005, 0.0003], "xi": 1.3},
    {"model": "double_sphere", "xi": -0.2, "alpha": 0.6},
]


def test_the_browser_projects_as_the_workers_do(open_page: OpenPage) -> None:
    """Every lens puts the same points at the same pixels, and takes the same ones for seen."""
    generator = np.random.default_rng(0)
    points = generator.uniform([-8, -4, -3], [8, 4, 12], (4000, 3))
    page = open_page()
    for fields in MODELS:
        K = [[300.0, 0.5, 320.0], [0.0, 310.0, 200.0], [0.0, 0.0, 1.0]]
        model = CameraModel.model_validate_json(json.dumps({**fields, "K": K}))
        u, v, visible = camera_from_model(model, 640, 400).project(torch.from_numpy(points.T))
        in_browser = page.evaluate(
            """async ([model, points]) => {
            const { makeCamera } = await import("./page/static/camera.js");
            const T = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]];
            const { u, v, visible } = makeCamera(model, 640, 400).project(T, points);
            return [[...u], [...v], [...visible]];
        }""",
            [model.model_dump(mode="json"), points.ravel().tolist()],
        )
        theirs = np.array(in_browser[2]).astype(bool)
        ours = visible.numpy()
        assert ours.sum() > 100
        assert (theirs != ours).mean() < 0.005, fields
        both = theirs & ours
        np.testing.assert_allclose(np.array(in_browser[0])[both], u.numpy()[both], atol=0.01)
        np.testing.assert_allclose(np.array(in_browser[1])[both], v.numpy()[both], atol=0.01)
