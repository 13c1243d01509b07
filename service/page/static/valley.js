// What the loss does when the camera is turned away from what was found.

import { el } from "./dom.js";
import { linesChart } from "./lines.js";
import { short } from "./numbers.js";
import { nudged } from "./rigid.js";

const REACH_DEG = 3;
const STEPS = 30;
const TURNS = ["pitch", "yaw", "roll"];

// Null where no point of a class that counts is in view: there is no loss then, rather than none.
export function valleyCard(loss, T_cam_lidar) {
  if (loss(T_cam_lidar).mean === null) return null;
  const curves = TURNS.map((name) => ({ name, points: pointsAlong(name, loss, T_cam_lidar) }));
  const highest = Math.max(...curves.flatMap(({ points }) => points.map(([, mean]) => mean))) || 1;
  const words = curves.map(({ name, points }) => `${name} ±${REACH_DEG}° costs ${short(points[0][1])} and ${short(points.at(-1)[1])} px`);
  return el("section", { class: "card", id: "valley" },
    el("h2", {}, "The loss around it"),
    el("p", { class: "muted" }, "How far points miss their classes when the camera is turned away from what was found. Where the classes are right, there is a valley at 0°. Where they err, the loss alone misleads: the robust method weighs more than this, so go by the verdict and the picture."),
    linesChart({
      curves, yTicks: [0, highest], unit: "px", axis: "turned by", label: `Mean distance over turns: ${words.join("; ")}`,
      xTicks: [-REACH_DEG, 0, REACH_DEG].map((degrees) => [degrees, `${degrees}°`]),
    }));
}

function pointsAlong(name, loss, T) {
  return Array.from({ length: 2 * STEPS + 1 }, (_, index) => {
    const degrees = ((index - STEPS) * REACH_DEG) / STEPS;
    return [degrees, loss(nudged(T, { [name]: degrees })).mean ?? 0];
  });
}
