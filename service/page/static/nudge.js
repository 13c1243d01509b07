// Moving the extrinsic by hand: six sliders, points that follow at once over the picture, and the loss beside it.

import { getBlob, getJson, submit } from "./api.js";
import { el } from "./dom.js";
import { classColours, pixelsOf } from "./frame.js";
import { short, withUnit } from "./numbers.js";
import { AXES, nudged } from "./rigid.js";
import { roomFor } from "./camera.js";

const RANGE = { turn: [10, 0.05], shift: [50, 0.5] };
const KEYS = {
  ArrowUp: ["pitch", 1], ArrowDown: ["pitch", -1], ArrowLeft: ["yaw", -1], ArrowRight: ["yaw", 1], q: ["roll", -1], e: ["roll", 1],
  a: ["right", -1], d: ["right", 1], r: ["down", -1], f: ["down", 1], w: ["forward", 1], s: ["forward", -1],
};
const KEY_STEP = { turn: 0.1, shift: 1 };
const MOST_WIDE = 1600;
const DIMMING = 0.6;

// loss: a promise of the function of T_cam_lidar that loss.js makes.
export function nudgeCard(outcome, frame, loss, signal) {
  const state = { base: outcome.found, amounts: {}, loss: null, scheduled: false };
  const canvas = el("canvas", { id: "nudge-canvas", tabindex: 0, role: "img", "aria-label": "Points over the picture at the extrinsic of the sliders", "aria-describedby": "nudge-keys" });
  const reading = el("p", { class: "reading", id: "nudge-reading", "aria-live": "off" }, "Preparing the loss …");
  const sliders = AXES.map((axis) => sliderOf(axis, state, () => schedule()));
  const paint = painter(canvas, frame);
  const current = () => nudged(state.base, state.amounts);
  const redraw = () => {
    state.scheduled = false;
    const T = current();
    if (state.loss) showLoss(reading, state.loss(T));
    paint(T);
  };
  const schedule = () => {
    if (!state.scheduled) requestAnimationFrame(redraw);
    state.scheduled = true;
  };
  const set = (amounts) => {
    Object.assign(state.amounts, amounts);
    sliders.forEach(({ refresh }) => refresh());
    schedule();
  };
  const restart = (T) => {
    state.base = T;
    set(Object.fromEntries(AXES.map(({ name }) => [name, 0])));
  };
  canvas.addEventListener("keydown", (event) => moveByKey(event, state, set));
  dragToTurn(canvas, frame, state, set);
  loss.then((made) => {
    state.loss = made;
    schedule();
  });
  schedule();
  return el("section", { class: "card", id: "nudge" },
    el("h2", {}, "Move it by hand"),
    el("p", { class: "muted", id: "nudge-keys" }, "Pull the picture or the sliders; the points and the loss follow. With the picture in focus, keys work too: ", el("kbd", {}, "←"), " ", el("kbd", {}, "→"), " yaw, ", el("kbd", {}, "↑"), " ", el("kbd", {}, "↓"), " pitch, ", el("kbd", {}, "Q"), " ", el("kbd", {}, "E"), " roll, ", el("kbd", {}, "A"), " ", el("kbd", {}, "D"), " sideways, ", el("kbd", {}, "R"), " ", el("kbd", {}, "F"), " height, ", el("kbd", {}, "W"), " ", el("kbd", {}, "S"), " forward."),
    el("div", { class: "stage" }, canvas), reading,
    el("div", { class: "nudge" }, sliders.map(({ element }) => element)),
    el("div", { class: "tools" },
      el("button", { type: "button", class: "quiet", id: "from-found", onclick: () => restart(outcome.found) }, "Back to what was found"),
      el("button", { type: "button", class: "quiet", id: "from-initial", onclick: () => restart(outcome.given) }, "Go to what you gave"),
      againButton(frame, current, signal)));
}

function sliderOf({ name, unit, kind, label, hint }, state, onMove) {
  const [most, step] = RANGE[kind];
  const input = el("input", { type: "range", id: `nudge-${name}`, min: -most, max: most, step, value: 0 });
  const output = el("output", { for: `nudge-${name}` });
  const refresh = () => {
    input.value = state.amounts[name] ?? 0;
    say();
  };
  const say = () => {
    const text = withUnit((state.amounts[name] ?? 0).toFixed(kind === "turn" ? 2 : 1), unit);
    output.textContent = text;
    input.setAttribute("aria-valuetext", text);
  };
  input.addEventListener("input", () => {
    state.amounts[name] = Number(input.value);
    say();
    onMove();
  });
  say();
  return { element: el("div", {}, el("label", { for: `nudge-${name}` }, el("span", {}, `${label} `, el("span", { class: "muted" }, hint)), output), input), refresh };
}

function showLoss(reading, { px2, mean, points }) {
  reading.dataset.px2 = px2;
  if (mean === null) {
    reading.replaceChildren("No point of a class that counts is in view.");
    return;
  }
  reading.replaceChildren(el("span", {}, "A point misses its class by ", el("strong", {}, `${short(mean)} px`)), el("span", { class: "muted" }, `Loss ${short(px2)} px² over ${points.toLocaleString("en")} points`));
}

function moveByKey(event, state, set) {
  const found = KEYS[event.key] ?? KEYS[event.key.toLowerCase?.()];
  if (!found || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const [name, sign] = found;
  const { kind } = AXES.find((axis) => axis.name === name);
  set({ [name]: held((state.amounts[name] ?? 0) + sign * KEY_STEP[kind] * (event.shiftKey ? 5 : 1), kind) });
}

// Pulling the points sideways or up turns the camera the other way.
function dragToTurn(canvas, frame, state, set) {
  let last = null;
  canvas.addEventListener("pointerdown", (event) => {
    last = event;
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last) return;
    const degrees = (pixels, focal) => ((pixels * frame.camera.width) / canvas.clientWidth / focal) * (180 / Math.PI);
    set({
      yaw: held((state.amounts.yaw ?? 0) - degrees(event.clientX - last.clientX, frame.camera.fx), "turn"),
      pitch: held((state.amounts.pitch ?? 0) + degrees(event.clientY - last.clientY, frame.camera.fy), "turn"),
    });
    last = event;
  });
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => (last = null));
}

const held = (value, kind) => Math.min(Math.max(value, -RANGE[kind][0]), RANGE[kind][0]);

// Returns a function that draws all points in view over the dimmed picture.
function painter(canvas, frame) {
  const scale = Math.min(1, MOST_WIDE / frame.camera.width);
  const [width, height] = [Math.round(frame.camera.width * scale), Math.round(frame.camera.height * scale)];
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  const image = pixelsOf(frame.picture, width, height);
  for (let i = 0; i < image.data.length; i++) if (i % 4 !== 3) image.data[i] *= DIMMING;
  const clean = new Uint32Array(image.data.buffer.slice(0));
  const canvasPixels = new Uint32Array(image.data.buffer);
  const colours = packed(classColours(frame));
  const room = roomFor(colours.length);
  const size = Math.max(2, Math.round(width / 620));
  return (T) => {
    const { u, v, visible } = frame.camera.project(T, frame.points, room);
    canvasPixels.set(clean);
    for (let n = 0; n < visible.length; n++) {
      if (!visible[n]) continue;
      const [x, y] = [Math.round(u[n] * scale), Math.round(v[n] * scale)];
      for (let row = Math.max(0, y); row < Math.min(height, y + size); row++) {
        for (let column = Math.max(0, x); column < Math.min(width, x + size); column++) canvasPixels[row * width + column] = colours[n];
      }
    }
    context.putImageData(image, 0, 0);
  };
}

function packed(colours) {
  const bytes = new Uint8Array((colours.length / 3) * 4).fill(255);
  for (let n = 0; n < colours.length / 3; n++) bytes.set(colours.subarray(3 * n, 3 * n + 3), 4 * n);
  return new Uint32Array(bytes.buffer);
}

// Sends what was sent before once more, with the extrinsic of the sliders.
function againButton(frame, current, signal) {
  const note = el("span", { class: "error", role: "alert" });
  const button = el("button", { type: "button", id: "calibrate-from-here" }, "Calibrate from here");
  button.addEventListener("click", async () => {
    button.disabled = true;
    note.textContent = "";
    try {
      const job = await submit(await sameAgain(frame.inputs, current(), signal));
      location.hash = `#/jobs/${job.id}`;
    } catch (error) {
      note.textContent = error.message;
      button.disabled = false;
    }
  });
  return [button, note];
}

async function sameAgain(inputs, T_cam_lidar, signal) {
  const body = new FormData();
  for (const { part, name, href } of inputs) {
    if (part === "request") {
      const before = await getJson(href, { signal });
      body.append(part, JSON.stringify({ ...before, options: { ...before.options, tracking: false }, initial: { T_cam_lidar } }));
    } else {
      body.append(part, await getBlob(href, { signal }), name);
    }
  }
  return body;
}
