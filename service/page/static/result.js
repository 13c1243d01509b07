// What came out of a job: the verdict first, then pictures, then files.

import { getBlob, request } from "./api.js";
import { drawChart } from "./chart.js";
import { cloudCard } from "./cloud.js";
import { download, el } from "./dom.js";
import { loadFrame } from "./frame.js";
import { makeLoss } from "./loss.js";
import { nudgeCard } from "./nudge.js";
import { matrixText, short } from "./numbers.js";
import { angleBetweenDeg, cameraCenter } from "./rigid.js";
import { isSample, sampleTruth } from "./sample.js";
import { beforeAfter } from "./slider.js";
import { valleyCard } from "./valley.js";

const VERDICTS = {
  high: "You can trust this rotation",
  low: "Look before you trust it",
  rejected: "No calibration to trust",
};
const FORMATS = {
  json: "JSON, everything", kitti: "KITTI", "kitti-object": "KITTI object", "kitti-raw": "KITTI raw", nuscenes: "nuScenes", ros: "ROS transform",
  "ros-camera-info": "ROS camera_info", autoware: "Autoware", opencalib: "OpenCalib", opencv: "OpenCV", semalign: "semalign",
};
const SIGMA = [["pitch", "°"], ["yaw", "°"], ["roll", "°"], ["right", "m"], ["down", "m"], ["forward", "m"]];

export async function resultParts(job, body, signal) {
  const { result } = job;
  if (!result) {
    const words = job.error?.detail ?? (job.state === "cancelled" ? "This job was cancelled." : "There is no result.");
    body.replaceChildren(el("p", { class: "notice bad", role: "alert" }, words), el("p", {}, el("a", { href: "#/" }, "Change the inputs and try again")));
    return;
  }
  const pictures = el("div");
  const hands = el("div");
  body.replaceChildren(await verdictCard(job), pictures, hands, matrixCard(result), downloadCard(job, signal));
  if (job.links.overlay) pictures.append(await pictureCard(job, signal));
  await handsOn(job, hands, signal);
}

// The parts that need what was sent, which is deleted earlier than the rest.
async function handsOn(job, place, signal) {
  let frame;
  try {
    frame = await loadFrame(job, signal);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    place.append(el("p", { class: "muted" }, error.message));
    return;
  }
  const loss = makeLoss(frame);
  place.append(cloudCard(frame, job.result, signal), nudgeCard(job, frame, loss, signal));
  if (frame.history.length > 1) {
    const chart = el("div", { id: "history" });
    drawChart(chart, frame.history, "Alignment loss, px²");
    place.append(el("section", { class: "card" }, el("h2", {}, "How the refinement went"), chart));
  }
  place.append(valleyCard(await loss, job.result.T_cam_lidar));
}

async function verdictCard(job) {
  const { result } = job;
  const level = result.verdict ?? (job.state === "succeeded" ? "none" : "rejected");
  const heading = VERDICTS[level] ?? "Done, without a verdict";
  const reasons = result.reasons.length ? result.reasons : [job.error?.detail ?? result.message];
  const note = level === "none" ? "This method does not say how far to trust its result. Look at the pictures." : null;
  return el("section", { class: `card verdict ${level}`, id: "verdict" },
    el("h2", {}, heading),
    ...reasons.map((reason) => el("p", {}, reason)),
    note && el("p", {}, note),
    el("dl", { class: "numbers" }, ...(await numbers(job))));
}

async function numbers({ id, result }) {
  const { before, after } = result.alignment_loss;
  const shown = [
    item("Turned by", `${short(result.change.rotation_deg)}°`, "between your extrinsic and this one"),
    item("Camera moved by", `${short(result.change.camera_center_m * 100)} cm`, "its centre; one frame tells this least"),
    item("A point misses its class by", `${short(after.mean_distance_px)} px`, `${short(before.mean_distance_px)} px before`),
  ];
  const sigma = result.confidence?.sigma;
  if (sigma) {
    const worst = Math.max(sigma.pitch, sigma.yaw, sigma.roll);
    shown.push(item("Rotation known to about", `±${short(worst)}°`, "about its least certain axis"));
  }
  if (isSample(id)) {
    const truth = await sampleTruth();
    const [start, found] = [result.initial_T_cam_lidar, result.T_cam_lidar].map((T) => angleBetweenDeg(T, truth));
    shown.push(item("Against the truth", `${short(found)}° off`, `${short(start)}° before; the sample's is known`));
  }
  return shown;
}

const item = (name, value, note) => el("div", {}, el("dt", {}, name), el("dd", {}, value, el("small", {}, note)));

async function pictureCard(job, signal) {
  const addresses = ["initial", "final"].map((stage) => `jobs/${job.id}/overlay.png?stage=${stage}`);
  const blobs = await Promise.all(addresses.map((address) => getBlob(address, { signal })));
  const [before, after] = blobs.map((blob) => URL.createObjectURL(blob));
  signal.addEventListener("abort", () => [before, after].forEach((address) => URL.revokeObjectURL(address)));
  return el("section", { class: "card" },
    el("h2", {}, "Before and after"),
    el("p", { class: "muted" }, "Points of the sweep over the picture, coloured by class. Pull the line: on the right, points should sit on the things they belong to."),
    beforeAfter(before, after));
}

function matrixCard(result) {
  const center = result.camera_center_lidar_m ?? cameraCenter(result.T_cam_lidar);
  const sigma = result.confidence?.sigma;
  return el("section", { class: "card" },
    el("h2", {}, "The extrinsic"),
    el("p", { class: "muted" }, "T_cam_lidar takes points from the LiDAR to the camera: p_cam = T_cam_lidar · p_lidar."),
    el("pre", { id: "found-matrix", tabindex: 0, "aria-label": "T_cam_lidar, row by row" }, matrixText(result.T_cam_lidar)),
    el("p", {}, `The camera sits at x ${short(center[0])} m, y ${short(center[1])} m, z ${short(center[2])} m of the LiDAR.`),
    sigma && el("p", { class: "muted" }, `Known to about ${SIGMA.map(([name, unit]) => `${name} ±${short(unit === "m" ? sigma[name] * 100 : sigma[name])} ${unit === "m" ? "cm" : unit}`).join(", ")}.`));
}

function downloadCard(job, signal) {
  const note = el("p", { class: "error", role: "alert" });
  const fetchFile = async (format) => {
    note.textContent = "";
    try {
      const response = await request(`jobs/${job.id}/result?format=${format}`, { signal });
      const name = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "")?.[1] ?? `calibration-${format}`;
      download(await response.blob(), name);
    } catch (error) {
      note.textContent = error.message;
    }
  };
  const buttons = Object.entries(FORMATS).map(([format, name]) => el("button", { type: "button", class: "quiet", "data-format": format, onclick: () => fetchFile(format) }, name));
  return el("section", { class: "card" }, el("h2", {}, "Take it with you"), el("div", { class: "downloads" }, buttons), note);
}
