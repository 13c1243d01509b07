// Eq. 1 of the paper in the browser: how far points of a class land from pixels of that class.

import { roomFor } from "./camera.js";
import { nearestPixels } from "./distance.js";

// Fields of larger images are made of every second, third ... pixel: they would take long, and much memory.
const MOST_PIXELS = 2_000_000;
const INT16 = 32_000;

// frame: {camera, points, pointClasses, pixelClasses, classes}. Returns a function of T_cam_lidar.
export async function makeLoss(frame) {
  const parts = [];
  for (const [index, { name, counted }] of frame.classes.entries()) {
    if (!counted) continue;
    const part = partOf(frame, name, index + 1);
    if (part) parts.push(part);
    await new Promise((resolve) => setTimeout(resolve)); // what was clicked meanwhile is answered in between
  }
  return (T) => evaluate(frame.camera, parts, T);
}

function partOf({ camera, points, pointClasses, pixelClasses }, name, id) {
  const { width, height } = camera;
  const step = Math.max(1, Math.ceil(Math.sqrt((width * height) / MOST_PIXELS)), Math.ceil(Math.max(width, height) / INT16));
  const [wide, high] = [Math.floor(width / step), Math.floor(height / step)];
  const mask = new Uint8Array(wide * high);
  for (let v = 0; v < high; v++) {
    for (let u = 0; u < wide; u++) mask[v * wide + u] = pixelClasses[v * step * width + u * step] === id ? 1 : 0;
  }
  const field = nearestPixels(mask, wide, high);
  const own = pointsOfClass(points, pointClasses, id);
  return field && own.length ? { name, field, step, points: own, room: roomFor(own.length / 3) } : null;
}

function pointsOfClass(points, pointClasses, id) {
  const own = [];
  for (let n = 0; n < pointClasses.length; n++) {
    if (pointClasses[n] === id) own.push(points[3 * n], points[3 * n + 1], points[3 * n + 2]);
  }
  return new Float32Array(own);
}

function evaluate(camera, parts, T) {
  const total = { px2: 0, distance: 0, points: 0, perClass: {} };
  for (const part of parts) {
    const own = sums(part, camera.project(T, part.points, part.room));
    total.perClass[part.name] = own;
    for (const key of ["px2", "distance", "points"]) total[key] += own[key];
  }
  return { ...total, mean: total.points ? total.distance / total.points : null };
}

// Points inside the unit square of a pixel of their class count 0, as in worker/calibration/loss.py.
function sums({ field, step }, { u, v, visible }) {
  const { nearestU, nearestV, wide, high, margin } = field;
  const own = { px2: 0, distance: 0, points: 0 };
  for (let n = 0; n < visible.length; n++) {
    if (!visible[n]) continue;
    own.points++;
    const [x, y] = [u[n] / step, v[n] / step];
    const [column, row] = [Math.round(x), Math.round(y)];
    const at = clamp(row + margin, high) * wide + clamp(column + margin, wide);
    if (nearestU[at] === column && nearestV[at] === row) continue;
    const squared = ((x - nearestU[at]) ** 2 + (y - nearestV[at]) ** 2) * step * step;
    own.px2 += squared;
    own.distance += Math.sqrt(squared);
  }
  return own;
}

function clamp(value, size) {
  return Math.min(Math.max(value, 0), size - 1);
}
