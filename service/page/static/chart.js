// A small curve of what the search lowers or raises.

import { svg } from "./dom.js";
import { short } from "./numbers.js";

const HEIGHT = 170;
const PAD = { left: 70, right: 16, top: 14, bottom: 26 };
// Losses fall by orders of magnitude: on a linear scale they would look like a cliff.
const LOG_BEYOND = 50;

// values: what was measured, in order. label: what it is, for those who do not see the picture.
export function drawChart(element, values, label) {
  const width = matchMedia("(max-width: 40rem)").matches ? 360 : 760;
  const finite = values.filter(Number.isFinite);
  if (finite.length < 2) return;
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const logs = low > 0 && high / low > LOG_BEYOND;
  const scale = logs ? Math.log : (value) => value;
  const span = scale(high) - scale(low) || 1;
  const x = (index) => PAD.left + (index / (finite.length - 1)) * (width - PAD.left - PAD.right);
  const y = (value) => HEIGHT - PAD.bottom - ((scale(value) - scale(low)) / span) * (HEIGHT - PAD.top - PAD.bottom);
  const points = finite.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`);
  const last = finite.length - 1;
  const words = `${label}: from ${short(finite[0])} to ${short(finite[last])} in ${last} steps`;
  element.replaceChildren(
    svg("svg", { class: "chart", viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": words },
      ...[low, high].map((value) => svg("line", { class: "axis", x1: PAD.left, x2: width - PAD.right, y1: y(value), y2: y(value) })),
      ...[low, high].map((value) => svg("text", { x: PAD.left - 8, y: y(value) + 4, "text-anchor": "end" }, short(value))),
      svg("polyline", { class: "curve", points: points.join(" ") }),
      svg("circle", { class: "dot", cx: x(last), cy: y(finite[last]), r: 4.5 }),
      svg("text", { x: PAD.left, y: HEIGHT - 6 }, `${label}${logs ? ", logarithmic" : ""}`)),
  );
}
