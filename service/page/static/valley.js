// What the loss does when the camera is turned away from what was found.

import { el, svg } from "./dom.js";
import { short } from "./numbers.js";
import { nudged } from "./rigid.js";

const REACH_DEG = 3;
const STEPS = 30;
const TURNS = ["pitch", "yaw", "roll"];
const PAD = { left: 52, right: 14, top: 12, bottom: 44 };
const HEIGHT = 210;

export function valleyCard(loss, T_cam_lidar) {
  const curves = TURNS.map((name) => ({ name, values: valuesAlong(name, loss, T_cam_lidar) }));
  return el("section", { class: "card", id: "valley" },
    el("h2", {}, "The loss around it"),
    el("p", { class: "muted" }, "How far points miss their classes when the camera is turned away from what was found. Where the classes are right, there is a valley at 0°. Where they err, the loss alone misleads: the robust method weighs more than this, so go by the verdict and the picture."),
    draw(curves),
    el("ul", { class: "legend" }, TURNS.map((name) => el("li", {}, el("span", { class: `key ${name}`, "aria-hidden": "true" }), name))));
}

function valuesAlong(name, loss, T) {
  const values = [];
  for (let step = -STEPS; step <= STEPS; step++) {
    const degrees = (step * REACH_DEG) / STEPS;
    values.push({ degrees, mean: loss(nudged(T, { [name]: degrees })).mean ?? 0 });
  }
  return values;
}

function draw(curves) {
  const width = matchMedia("(max-width: 40rem)").matches ? 360 : 760;
  const top = Math.max(...curves.flatMap(({ values }) => values.map(({ mean }) => mean))) || 1;
  const x = (degrees) => PAD.left + ((degrees + REACH_DEG) / (2 * REACH_DEG)) * (width - PAD.left - PAD.right);
  const y = (mean) => HEIGHT - PAD.bottom - (mean / top) * (HEIGHT - PAD.top - PAD.bottom);
  const words = curves.map(({ name, values }) => `${name} ±${REACH_DEG}° costs ${short(values[0].mean)} and ${short(values.at(-1).mean)} px`);
  return svg("svg", { class: "chart", viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": `Mean distance over turns: ${words.join("; ")}` },
    ...[0, top].map((value) => svg("line", { class: "axis", x1: PAD.left, x2: width - PAD.right, y1: y(value), y2: y(value) })),
    ...[0, top].map((value) => svg("text", { x: PAD.left - 8, y: y(value) + 4, "text-anchor": "end" }, value ? `${short(value)} px` : "0")),
    ...[-REACH_DEG, 0, REACH_DEG].map((value) => svg("text", { x: x(value), y: HEIGHT - PAD.bottom + 18, "text-anchor": value < 0 ? "start" : value ? "end" : "middle" }, `${value}°`)),
    svg("line", { class: "axis", x1: x(0), x2: x(0), y1: PAD.top, y2: y(0) }),
    ...curves.map(({ name, values }) => svg("polyline", { class: `curve ${name}`, points: values.map(({ degrees, mean }) => `${x(degrees).toFixed(1)},${y(mean).toFixed(1)}`).join(" ") })),
    svg("text", { x: x(0), y: HEIGHT - 6, "text-anchor": "middle" }, "turned by"));
}
