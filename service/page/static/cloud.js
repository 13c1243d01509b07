// The cloud in 3D, with the camera before and after.

import { el, svg } from "./dom.js";
import { classColours, pixelsOf, pointLegend } from "./frame.js";
import { cameraCenter } from "./rigid.js";

const FRUSTUM_DEPTH_M = 3;
const UNSEEN_GREY = 62;
const BACKDROP = 0x0c1519;
const COLOURS = { before: 0xf5a95b, after: 0x2dd4bf };

export function cloudCard(frame, outcome, signal) {
  const canvas = el("canvas", { id: "cloud-canvas", tabindex: 0, role: "img", "aria-label": "The sweep in 3D with the camera before and after" });
  const tools = el("div", { class: "tools" });
  const stage = el("div", { class: "stage" }, canvas);
  const start = async () => {
    try {
      const { openScene } = await import("./scene.js");
      const scene = openScene(canvas, describe(frame, outcome), signal);
      tools.append(...buttons(scene, frame, outcome.found));
      canvas.dataset.ready = "true";
    } catch (error) {
      console.warn(error);
      stage.replaceChildren(el("p", { class: "notice" }, "This browser shows no 3D: WebGL is not available. Everything else works without."));
    }
  };
  whenSeen(canvas, start, signal);
  return el("section", { class: "card" },
    el("h2", {}, "The sweep in 3D"),
    el("p", { class: "muted" }, "Drag to turn, scroll or pinch to come closer, right button or two fingers to move. ", swatch("before"), "camera as you gave it, ", swatch("after"), "camera as it was found."),
    stage, tools, legend(frame));
}

// The library is large: it is fetched when its picture is about to be seen.
function whenSeen(element, act, signal) {
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
    observer.disconnect();
    act();
  }, { rootMargin: "400px" });
  observer.observe(element);
  signal.addEventListener("abort", () => observer.disconnect());
}

function describe(frame, { given, found }) {
  const { camera } = frame;
  return {
    points: frame.points,
    colours: classColours(frame),
    backdrop: BACKDROP,
    up: found[1].slice(0, 3).map((value) => -value),
    ahead: found[2].slice(0, 3),
    center: cameraCenter(found),
    frusta: [frustum(camera, given, COLOURS.before), frustum(camera, found, COLOURS.after)],
  };
}

// The apex and the four corners of a picture a few metres ahead, LiDAR frame; wide lenses are shown as 120 degrees.
function frustum({ width, height, fx, fy, cx, cy }, T_cam_lidar, colour) {
  const reach = (value) => Math.max(-1.73, Math.min(1.73, value)) * FRUSTUM_DEPTH_M;
  const corners = [[0, 0], [width, 0], [width, height], [0, height]].map(([u, v]) => [reach((u - cx) / fx), reach((v - cy) / fy), FRUSTUM_DEPTH_M]);
  const back = (p) => [0, 1, 2].map((i) => [0, 1, 2].reduce((sum, k) => sum + T_cam_lidar[k][i] * (p[k] - T_cam_lidar[k][3]), 0));
  return { apex: cameraCenter(T_cam_lidar), corners: corners.map(back), colour };
}

function buttons(scene, frame, found) {
  const byClass = classColours(frame);
  let byImage = null;
  const colourBy = (value) => {
    byImage ??= imageColours(frame, found);
    scene.recolour(value === "image" ? byImage : byClass);
  };
  const choice = (value, name, checked) => el("label", {}, el("input", { type: "radio", name: "colour-by", value, checked, onchange: () => colourBy(value) }), name);
  return [
    el("span", { class: "muted" }, "Colour by"), choice("class", "class", true), choice("image", "picture", false),
    el("button", { type: "button", class: "quiet", onclick: () => scene.look("behind") }, "From behind"),
    el("button", { type: "button", class: "quiet", onclick: () => scene.look("above") }, "From above"),
    el("button", { type: "button", class: "quiet", onclick: () => scene.look("camera") }, "Through the camera"),
  ];
}

// The colour that each point has in the picture, with the extrinsic that was found.
function imageColours({ camera, points, picture }, found) {
  const { data } = pixelsOf(picture, camera.width, camera.height);
  const { u, v, visible } = camera.project(found, points);
  const colours = new Uint8Array(points.length).fill(UNSEEN_GREY);
  for (let n = 0; n < visible.length; n++) {
    if (!visible[n]) continue;
    const at = 4 * (Math.round(v[n]) * camera.width + Math.round(u[n]));
    colours.set(data.subarray(at, at + 3), 3 * n);
  }
  return colours;
}

function legend(frame) {
  return el("ul", { class: "legend", "aria-label": "Colours of the classes" }, pointLegend(frame).map(({ name, colour }) => el("li", {}, dot(`rgb(${colour.join(" ")})`), name)));
}

const dot = (fill) => svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("circle", { cx: 8, cy: 8, r: 7, fill, stroke: "#7d8d95" }));
const swatch = (which) => el("span", {}, svg("svg", { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" }, svg("rect", { width: 16, height: 16, rx: 4, fill: `#${COLOURS[which].toString(16)}` })), " ");
