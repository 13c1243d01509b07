// Before and after, one over the other: a range input decides how much of each is seen.

import { el } from "./dom.js";

export function beforeAfter(before, after) {
  const upper = el("img", { src: before, alt: "Points over the picture with the extrinsic you gave", class: "upper" });
  const lower = el("img", { src: after, alt: "Points over the picture with the extrinsic that was found" });
  const handle = el("div", { class: "handle" });
  const range = el("input", { type: "range", min: 0, max: 100, value: 50, step: 1, "aria-label": "How much of before is shown, percent" });
  const update = () => {
    upper.style.clipPath = `inset(0 ${100 - range.value}% 0 0)`;
    handle.style.left = `${range.value}%`;
  };
  range.addEventListener("input", update);
  update();
  return el("div", { class: "slider" }, lower, upper, handle, range, el("span", { class: "tag left" }, "before"), el("span", { class: "tag right" }, "after"));
}
