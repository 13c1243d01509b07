// The form for one's own data: what is typed stays typed, and what is wrong is said beside it.

import { Problem, request, submit } from "./api.js";
import { byId } from "./dom.js";
import { readForm, wire } from "./fields.js";
import { blame, clearBlame, FormError } from "./blame.js";
import { chosen, prepareFiles } from "./files.js";
import { loadSample, rememberSample } from "./sample.js";
import { checkSize, rememberSize } from "./size.js";
import { matrixText } from "./numbers.js";

const FRAMES = ["camera_frame", "lidar_frame"];

export function prepareForm() {
  wire();
  prepareFiles();
  byId("form").addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  byId("try-sample").addEventListener("click", trySample);
  byId("calibration_file").addEventListener("change", () => {
    for (const id of FRAMES) byId(id).value = "";
    readCalibrationFile();
  });
  for (const id of FRAMES) byId(id).addEventListener("change", readCalibrationFile);
}

async function send() {
  clearBlame();
  const sent = await whileBusy(byId("submit"), async () => {
    const filled = readForm(chosen);
    await checkSize(chosen.image[0]);
    return submit(bodyOf(filled, chosen));
  });
  if (sent) location.hash = `#/jobs/${sent.id}`;
}

// The sample goes its own way: nothing that was typed is touched.
async function trySample() {
  clearBlame();
  const sent = await whileBusy(byId("try-sample"), async () => {
    const sample = await loadSample();
    return submit(bodyOf(sample.request, sample.files));
  });
  if (!sent) return;
  rememberSample(sent.id);
  location.hash = `#/jobs/${sent.id}`;
}

async function whileBusy(button, work) {
  const note = byId("sending");
  button.disabled = true;
  note.textContent = "Sending …";
  try {
    return await work();
  } catch (error) {
    blame(error);
    return null;
  } finally {
    button.disabled = false;
    note.textContent = "";
  }
}

function bodyOf(requestObject, parts) {
  const body = new FormData();
  for (const [part, files] of Object.entries(parts)) {
    for (const file of files) body.append(part, file, file.name);
  }
  body.append("request", JSON.stringify(requestObject));
  return body;
}

// A file may be about several cameras or LiDARs: which, is asked for once the server could not tell.
async function readCalibrationFile() {
  const { files } = byId("calibration_file");
  if (!files.length) return;
  const body = new FormData();
  for (const file of files) body.append("file", file, file.name);
  const wanted = new URLSearchParams(FRAMES.map((id) => [id, byId(id).value.trim()]).filter(([, name]) => name));
  clearBlame();
  try {
    const found = await (await request(`convert?${wanted}`, { method: "POST", body })).json();
    fillIn(found);
    rememberSize(found, [...files].map(({ name }) => name).join(" and "));
    const parts = [found.camera && `the intrinsics of ${found.camera_frame}`, found.initial && `the extrinsic from ${found.lidar_frame}`];
    byId("calibration_file-note").textContent = `Filled in ${parts.filter(Boolean).join(" and ")}. Check it below.`;
  } catch (error) {
    if (!(error instanceof Problem)) return blame(error);
    const asked = FRAMES.filter((id) => error.message.includes(id));
    if (asked.length) byId("frames").hidden = false;
    const words = FRAMES.reduce((text, id) => text.replace(`with ${id}`, `below`), error.message);
    blame(new FormError("calibration_file", words, asked[0]));
  }
}

function fillIn({ camera, initial }) {
  const set = (id, value) => {
    byId(id).value = value;
    byId(id).dispatchEvent(new Event("input", { bubbles: true }));
  };
  if (camera) {
    const [[fx, , cx], [, fy, cy]] = camera.K;
    for (const [id, value] of Object.entries({ fx, fy, cx, cy, model: camera.model ?? "pinhole" })) set(id, value);
    set("distortion", (camera.distortion ?? []).join(" "));
    for (const id of ["xi", "alpha"]) set(id, camera[id] ?? "");
  }
  if (initial?.T_cam_lidar) {
    set("form-of", "matrix");
    set("direction", "lidar_to_camera");
    set("matrix", matrixText(initial.T_cam_lidar));
  }
}
