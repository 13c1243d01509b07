// The fields of camera and extrinsic: pasting, what shows when, a sentence that says what the extrinsic means, reading.

import { FormError } from "./blame.js";
import { byId } from "./dom.js";
import { intrinsicsIn, matrixIn, numbersIn, short } from "./numbers.js";
import { cameraCenter, inverse } from "./rigid.js";

const INTRINSICS = ["fx", "fy", "cx", "cy"];
const ROTATIONS = { quaternion_wxyz: "Rotation w x y z", quaternion_xyzw: "Rotation x y z w", rpy_deg: "Roll, pitch, yaw °" };
const NUMBERS = { quaternion_wxyz: 4, quaternion_xyzw: 4, rpy_deg: 3 };
const DISTORTIONS = {
  pinhole: "k1 k2 p1 p2 [k3 [k4 k5 k6]] in OpenCV's order. Empty for a rectified picture.",
  fisheye: "k1 k2 k3 k4, as OpenCV's fisheye and ROS's equidistant have them.",
  omnidirectional: "k1 k2 p1 p2 [k3], as OpenCV's omnidir has them.",
  double_sphere: "This lens takes none: xi and alpha say it all.",
};

export function wire() {
  for (const id of INTRINSICS) byId(id).addEventListener("paste", pasteIntrinsics);
  byId("model").addEventListener("input", showLens);
  byId("form-of").addEventListener("input", showForm);
  for (const id of ["form-of", "direction", "matrix"]) byId(id).addEventListener("input", describeExtrinsic);
}

// Returns the `request` part of a job. Throws FormError for what is plainly missing; the server checks the rest.
export function readForm(files) {
  if (!files.image.length) throw new FormError("image", "Choose a picture.");
  if (!files.point_cloud.length) throw new FormError("point_cloud", "Choose the sweep of the same moment.");
  const [pictures, sweeps] = [files.image.length, files.point_cloud.length];
  if (pictures !== sweeps) throw new FormError("point_cloud", `The number of pictures, ${pictures}, is not that of sweeps, ${sweeps}: choose one of each for every moment.`);
  return {
    camera: readCamera(),
    initial: readExtrinsic(),
    prior: { rotation_deg: numberOf("prior-rotation", "prior"), translation_m: numberOf("prior-translation", "prior") },
    profile: byId("profile").value,
    ...(files.image_labels.length && { image_label_map: readMap("image") }),
    ...(files.point_labels.length && { point_label_map: readMap("point") }),
  };
}

function readCamera() {
  const [fx, fy, cx, cy] = INTRINSICS.map((id) => numberOf(id, "camera"));
  const model = byId("model").value;
  const camera = { model, K: [[fx, 0, cx], [0, fy, cy], [0, 0, 1]], distortion: numbersIn(byId("distortion").value) };
  for (const id of ["xi", "alpha"]) {
    if (!byId(id).closest("p").hidden) camera[id] = numberOf(id, "camera");
  }
  return camera;
}

function readExtrinsic() {
  const [form, direction] = [byId("form-of").value, byId("direction").value];
  if (form === "matrix") {
    const T = matrixIn(byId("matrix").value);
    if (!T) throw new FormError("extrinsic", `A matrix has 12 or 16 numbers, row by row; here are ${numbersIn(byId("matrix").value).length}.`, "matrix");
    return { T_cam_lidar: direction === "lidar_to_camera" ? T : inverse(T) };
  }
  return { translation_m: numbersOf("translation", 3), [form]: numbersOf("rotation", NUMBERS[form]), direction };
}

function readMap(modality) {
  try {
    const map = JSON.parse(byId(`${modality}_label_map`).value);
    if (map && typeof map === "object" && !Array.isArray(map)) return map;
  } catch {
    // said below
  }
  throw new FormError(`${modality}_labels`, 'Say what the ids mean, as JSON: {"7": "road", "26": "car"}.', `${modality}_label_map`);
}

function numberOf(id, part) {
  const text = byId(id).value.trim().replace(",", ".");
  const value = Number(text);
  if (text === "" || !Number.isFinite(value)) throw new FormError(part, `${nameOf(id)} must be a number.`, id);
  return value;
}

function numbersOf(id, count) {
  const values = numbersIn(byId(id).value);
  if (values.length !== count) throw new FormError("extrinsic", `${nameOf(id)}: ${count} numbers are needed, here are ${values.length}.`, id);
  return values;
}

const nameOf = (id) => document.querySelector(`label[for="${id}"]`).firstChild.textContent.trim();

function pasteIntrinsics(event) {
  const found = intrinsicsIn(event.clipboardData.getData("text"));
  if (!found) return;
  event.preventDefault();
  for (const [id, value] of Object.entries(found)) byId(id).value = value;
}

function showLens() {
  const model = byId("model").value;
  for (const part of document.querySelectorAll("[data-for]")) part.hidden = !part.dataset.for.split(" ").includes(model);
  byId("distortion-note").textContent = DISTORTIONS[model];
}

function showForm() {
  const form = byId("form-of").value;
  for (const part of document.querySelectorAll("[data-form]")) part.hidden = !part.dataset.form.split(" ").includes(form);
  byId("rotation-label").textContent = ROTATIONS[form] ?? "";
}

// Where the camera would sit and look: nonsense here means the other direction.
function describeExtrinsic() {
  const T = byId("form-of").value === "matrix" ? matrixIn(byId("matrix").value) : null;
  const words = byId("extrinsic-words");
  words.textContent = "";
  if (!T) return;
  const T_cam_lidar = byId("direction").value === "lidar_to_camera" ? T : inverse(T);
  const [x, y, z] = cameraCenter(T_cam_lidar).map((value) => `${short(value)} m`);
  words.textContent = `So the camera sits at x ${x}, y ${y}, z ${z} of the LiDAR. It looks along the LiDAR's ${axisOf(T_cam_lidar[2])}, and its up is the LiDAR's ${axisOf(T_cam_lidar[1].map((value) => -value))}.`;
}

function axisOf(direction) {
  const axis = [0, 1, 2].reduce((best, i) => (Math.abs(direction[i]) > Math.abs(direction[best]) ? i : best), 0);
  const off = (Math.acos(Math.min(1, Math.abs(direction[axis]))) * 180) / Math.PI;
  const name = `${direction[axis] < 0 ? "−" : "+"}${"xyz"[axis]}`;
  return off < 1 ? name : `${name} (${short(Math.round(off))}° off)`;
}
