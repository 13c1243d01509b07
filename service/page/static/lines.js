// A chart of a few curves over a common axis.

import { el, svg } from "./dom.js";
import { short, withUnit } from "./numbers.js";

const HEIGHT = 210;
const PAD = { left: 58, right: 16, top: 12, bottom: 44 };

// curves: [{name, points: [[x, y], ...]}]; their names choose their colours. xTicks: [[x, text], ...], the ends first and
// last. yTicks: where lines are drawn across. label: the whole in words.
export function linesChart({ curves, xTicks, yTicks, unit, axis, label }) {
  const width = matchMedia("(max-width: 40rem)").matches ? 360 : 760;
  const [[left], [right]] = [xTicks[0], xTicks.at(-1)];
  const [low, high] = [Math.min(...yTicks), Math.max(...yTicks)];
  const x = (value) => PAD.left + ((value - left) / (right - left || 1)) * (width - PAD.left - PAD.right);
  const y = (value) => HEIGHT - PAD.bottom - ((value - low) / (high - low || 1)) * (HEIGHT - PAD.top - PAD.bottom);
  const anchor = (index) => (index === 0 ? "start" : index === xTicks.length - 1 ? "end" : "middle");
  return el("div", {},
    svg("svg", { class: "chart", viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": label },
      ...yTicks.flatMap((value) => [
        svg("line", { class: "axis", x1: PAD.left, x2: width - PAD.right, y1: y(value), y2: y(value) }),
        svg("text", { x: PAD.left - 8, y: y(value) + 4, "text-anchor": "end" }, value ? withUnit(short(value), unit) : "0"),
      ]),
      ...xTicks.map(([value, text], index) => svg("text", { x: x(value), y: HEIGHT - PAD.bottom + 18, "text-anchor": anchor(index) }, text)),
      ...curves.map(({ name, points }) => svg("polyline", { class: `curve ${name}`, points: points.map(([px, py]) => `${x(px).toFixed(1)},${y(py).toFixed(1)}`).join(" ") })),
      svg("text", { x: (PAD.left + width - PAD.right) / 2, y: HEIGHT - 6, "text-anchor": "middle" }, axis)),
    el("ul", { class: "legend" }, curves.map(({ name }) => el("li", {}, el("span", { class: `key ${name}`, "aria-hidden": "true" }), name))));
}
