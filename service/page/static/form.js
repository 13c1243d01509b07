// The form for one's own data: what is typed stays typed, and what is wrong is said beside it.

import { Problem, request, submit } from "./api.js";
import { byId } from "./dom.js";
import { readForm, wire } from "./fields.js";
import { blame, clearBlame, FormError } from "./blame.js";
import { chosen, prepareFiles } from "./files.js";
import { loadSample, rememberSample } from "./sample.js";
import { checkSize, rememberSize } from "./size.js";
import { matrixText } from "./numbers.js";

export function prepareForm() {
  wire();
  prepareFiles();
  byId("form").addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  byId("try-sample").addEventListener("click", trySample);
  byId("calibration_file").addEventListener("change", readCalibrationFile);
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

async function readCalibrationFile(event) {
  const body = new FormData();
  for (const file of event.target.files) body.append("file", file, file.name);
  if (!event.target.files.length) return;
  clearBlame();
  try {
    const found = await (await request("convert", { method: "POST", body })).json();
    fillIn(found);
    rememberSize(found, [...event.target.files].map(({ name }) => name).join(" and "));
    const parts = [found.camera && `the intrinsics of ${found.camera_frame}`, found.initial && `the extrinsic from ${found.lidar_frame}`];
    byId("calibration_file-note").textContent = `Filled in ${parts.filter(Boolean).join(" and ")}. Check it below.`;
  } catch (error) {
    blame(error instanceof Problem ? new FormError("calibration_file", error.message) : error);
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
