// Projection as the workers do it: worker/calibration/camera.py and projections/ state models and limits.

const MIN_DEPTH_M = 0.1;
const LIMIT_STEPS = 2000;

// Returns a camera whose `project(T_cam_lidar, points)` gives pixels (u, v) and what is in view, of points x y z x y z ...
export function makeCamera(model, width, height) {
  const [[fx, skew, cx], [, fy, cy]] = model.K;
  const toPlane = planeOf(model);
  const project = (T, points, out = roomFor(points.length / 3)) => {
    const [[a, b, c, d], [e, f, g, h], [i, j, k, l]] = T;
    const place = [0, 0];
    for (let n = 0, at = 0; n < out.visible.length; n++, at += 3) {
      const [px, py, pz] = [points[at], points[at + 1], points[at + 2]];
      const x = a * px + b * py + c * pz + d;
      const y = e * px + f * py + g * pz + h;
      const z = i * px + j * py + k * pz + l;
      out.visible[n] = 0;
      if (!toPlane(x, y, z, place)) continue;
      const u = fx * place[0] + skew * place[1] + cx;
      const v = fy * place[1] + cy;
      out.u[n] = u;
      out.v[n] = v;
      out.visible[n] = u >= -0.5 && u < width - 0.5 && v >= -0.5 && v < height - 0.5 ? 1 : 0;
    }
    return out;
  };
  return { width, height, fx, fy, cx, cy, project };
}

export function roomFor(count) {
  return { u: new Float32Array(count), v: new Float32Array(count), visible: new Uint8Array(count) };
}

// A function that writes where a ray meets the image plane into `place`, and tells whether the model holds there.
function planeOf(model) {
  const coefficients = model.distortion ?? [];
  if (model.model === "fisheye") return fisheye(coefficients);
  if (model.model === "double_sphere") return doubleSphere(model.xi, model.alpha);
  const lens = brownConrady(coefficients);
  return model.model === "omnidirectional" ? unified(model.xi, lens) : perspective(lens);
}

function perspective(lens) {
  return (x, y, z, place) => z > MIN_DEPTH_M && lens(x / z, y / z, place);
}

function unified(xi, lens) {
  const lowest = xi <= 1 ? -xi : -1 / xi;
  return (x, y, z, place) => {
    const distance = Math.hypot(x, y, z);
    if (distance <= MIN_DEPTH_M || z <= lowest * distance) return false;
    const scale = 1 / (z + xi * distance);
    return lens(x * scale, y * scale, place);
  };
}

function doubleSphere(xi, alpha) {
  const w1 = alpha <= 0.5 ? alpha / (1 - alpha) : (1 - alpha) / alpha;
  const rest = 1 - w1 * w1;
  const lowest = Math.max(-1, -xi * rest - w1 * Math.sqrt(Math.max(0, 1 - xi * xi * rest)));
  return (x, y, z, place) => {
    const distance = Math.hypot(x, y, z);
    if (distance <= MIN_DEPTH_M || z <= lowest * distance) return false;
    const shifted = xi * distance + z;
    const scale = 1 / (alpha * Math.hypot(x, y, shifted) + (1 - alpha) * shifted);
    place[0] = x * scale;
    place[1] = y * scale;
    return true;
  };
}

function fisheye([k1 = 0, k2 = 0, k3 = 0, k4 = 0]) {
  const slope = (s) => 1 + s * (3 * k1 + s * (5 * k2 + s * (7 * k3 + s * 9 * k4)));
  const widest = firstFailure((angle) => slope(angle * angle) > 0, Math.PI - 1e-6);
  return (x, y, z, place) => {
    const off = Math.max(Math.hypot(x, y), 1e-9);
    const angle = Math.atan2(off, z);
    if (angle >= widest || Math.hypot(off, z) <= MIN_DEPTH_M) return false;
    const s = angle * angle;
    const scale = (angle * (1 + s * (k1 + s * (k2 + s * (k3 + s * k4))))) / off;
    place[0] = x * scale;
    place[1] = y * scale;
    return true;
  };
}

function brownConrady(coefficients) {
  if (!coefficients.some(Boolean)) {
    return (x, y, place) => {
      place[0] = x;
      place[1] = y;
      return true;
    };
  }
  const [k1 = 0, k2 = 0, p1 = 0, p2 = 0, k3 = 0, k4 = 0, k5 = 0, k6 = 0] = coefficients;
  const radial = (s) => (1 + s * (k1 + s * (k2 + s * k3))) / (1 + s * (k4 + s * (k5 + s * k6)));
  // Beyond the radius at which it turns back, the polynomial would fold far points into the picture.
  const grows = (angle) => {
    const [r, ahead] = [Math.tan(angle), Math.tan(angle + 1e-5)];
    return ahead * radial(ahead * ahead) > r * radial(r * r);
  };
  const widest = Math.tan(firstFailure(grows, 1.569)) ** 2;
  return (x, y, place) => {
    const s = x * x + y * y;
    if (s >= widest) return false;
    const factor = radial(s);
    place[0] = x * factor + 2 * p1 * x * y + p2 * (s + 2 * x * x);
    place[1] = y * factor + 2 * p2 * x * y + p1 * (s + 2 * y * y);
    return true;
  };
}

function firstFailure(holds, end) {
  for (let step = 0; step < LIMIT_STEPS; step++) {
    const value = (end * step) / LIMIT_STEPS;
    if (!holds(value)) return value;
  }
  return end;
}
