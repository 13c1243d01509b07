// What came out of a job: the verdict first, then pictures, then files.

import { getBlob, request } from "./api.js";
import { drawChart } from "./chart.js";
import { cloudCard } from "./cloud.js";
import { download, el } from "./dom.js";
import { loadFrame } from "./frame.js";
import { makeLoss } from "./loss.js";
import { nudgeCard } from "./nudge.js";
import { matrixText, short, withUnit } from "./numbers.js";
import { outcomeOf } from "./outcome.js";
import { angleBetweenDeg, cameraCenter } from "./rigid.js";
import { isSample, sampleTruth } from "./sample.js";
import { beforeAfter } from "./slider.js";
import { valleyCard } from "./valley.js";

const FORMATS = {
  report: "Report, for the record", json: "JSON, everything", kitti: "KITTI", "kitti-object": "KITTI object", "kitti-raw": "KITTI raw", nuscenes: "nuScenes", ros: "ROS transform",
  "ros-camera-info": "ROS camera_info", autoware: "Autoware", opencalib: "OpenCalib", opencv: "OpenCV", semalign: "semalign",
};
const OF_A_LOOK = ["report", "json"];
const SIGMA = [["pitch", "°"], ["yaw", "°"], ["roll", "°"], ["right", "m"], ["down", "m"], ["forward", "m"]];

export async function resultParts(job, body, signal) {
  if (!job.result) {
    const words = job.error?.detail ?? (job.state === "cancelled" ? "This job was cancelled." : "There is no result.");
    body.replaceChildren(el("p", { class: "notice bad", role: "alert" }, words), el("p", {}, el("a", { href: "#/" }, "Change the inputs and try again")));
    return;
  }
  const outcome = outcomeOf(job);
  const [pictures, hands] = [el("div"), el("div")];
  body.replaceChildren(await verdictCard(job, outcome), pictures, hands, matrixCard(outcome), downloadCard(job, outcome, signal));
  if (job.links.overlay) pictures.append(await pictureCard(job, signal));
  await handsOn(job, outcome, hands, signal);
}

// The parts that need what was sent, which is deleted earlier than the rest.
async function handsOn(job, outcome, place, signal) {
  let frame;
  try {
    frame = await loadFrame(job, signal);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    place.append(el("p", { class: "muted" }, error.message));
    return;
  }
  const loss = makeLoss(frame);
  place.append(cloudCard(frame, outcome, signal), nudgeCard(outcome, frame, loss, signal));
  if (frame.history.length > 1) {
    const chart = el("div", { id: "history" });
    drawChart(chart, frame.history, "Alignment loss, px²");
    place.append(el("section", { class: "card" }, el("h2", {}, "How the refinement went"), chart));
  }
  const valley = valleyCard(await loss, outcome.found);
  if (valley) place.append(valley);
}

async function verdictCard(job, outcome) {
  const reasons = outcome.reasons.length ? outcome.reasons : [job.error?.detail ?? job.result.message];
  const note = outcome.level === "none" ? "This method does not say how far to trust its result. Look at the pictures." : null;
  return el("section", { class: `card verdict ${outcome.level}`, id: "verdict" },
    el("h2", {}, outcome.heading),
    ...reasons.map((reason) => el("p", {}, reason)),
    note && el("p", {}, note),
    el("dl", { class: "numbers" }, ...(await numbers(job.id, outcome))));
}

async function numbers(id, { change, before, after, confidence, visible, given, found, isLook }) {
  const shown = [];
  if (change) {
    shown.push(item(isLook ? "The frames ask for" : "Turned by", `${short(change.rotation_deg)}°`, isLook ? "away from your extrinsic" : "between your extrinsic and this one"));
    shown.push(item("Camera moved by", `${short(change.camera_center_m * 100)} cm`, "its centre; one frame tells this least"));
  }
  // Of clouds without the classes that count there is no loss; the verdict has other cues.
  if (after && after.mean_distance_px !== null) shown.push(item("A point misses its class by", `${short(after.mean_distance_px)} px`, before.mean_distance_px === null ? "" : `${short(before.mean_distance_px)} px before`));
  const worst = (values) => Math.max(...["pitch", "yaw", "roll"].map((name) => values[name] ?? Infinity));
  if (visible) shown.push(item("Would have been seen", `${short(worst(visible))}°`, "the smallest turn, about the least certain axis"));
  else if (confidence?.sigma) shown.push(item("Rotation known to about", `±${short(worst(confidence.sigma))}°`, "about its least certain axis"));
  if (isSample(id)) {
    const truth = await sampleTruth();
    const [start, end] = [given, found].map((T) => angleBetweenDeg(T, truth));
    shown.push(item("Against the truth", `${short(end)}° off`, `${short(start)}° before; the sample's is known`));
  }
  return shown;
}

const item = (name, value, note) => el("div", {}, el("dt", {}, name), el("dd", {}, value, el("small", {}, note)));

async function pictureCard(job, signal) {
  const addresses = ["initial", "final"].map((stage) => `jobs/${job.id}/overlay.png?stage=${stage}`);
  const blobs = await Promise.allSettled(addresses.map((address) => getBlob(address, { signal })));
  const pictures = blobs.filter(({ value }) => value).map(({ value }) => URL.createObjectURL(value));
  signal.addEventListener("abort", () => pictures.forEach((address) => URL.revokeObjectURL(address)));
  const [before, after] = pictures;
  const both = "Points of the sweep over the picture, coloured by class. Pull the line: on the right, points should sit on the things they belong to.";
  return el("section", { class: "card" },
    el("h2", {}, after ? "Before and after" : "Points over the picture"),
    el("p", { class: "muted" }, after ? both : "Points of the sweep over the picture with the extrinsic you gave, coloured by class."),
    after ? beforeAfter(before, after) : el("img", { src: before, alt: "Points over the picture with the extrinsic you gave" }));
}

function matrixCard({ found, confidence, isLook }) {
  const center = cameraCenter(found);
  const sigma = confidence?.sigma;
  return el("section", { class: "card" },
    el("h2", {}, isLook ? "The extrinsic that the frames ask for" : "The extrinsic"),
    el("p", { class: "muted" }, "T_cam_lidar takes points from the LiDAR to the camera: p_cam = T_cam_lidar · p_lidar."),
    el("pre", { id: "found-matrix", tabindex: 0, "aria-label": "T_cam_lidar, row by row" }, matrixText(found)),
    el("p", {}, `The camera sits at x ${short(center[0])} m, y ${short(center[1])} m, z ${short(center[2])} m of the LiDAR.`),
    sigma && el("p", { class: "muted" }, `Known to about ${SIGMA.map(([name, unit]) => `${name} ±${unit === "m" ? withUnit(short(sigma[name] * 100), "cm") : withUnit(short(sigma[name]), unit)}`).join(", ")}.`));
}

// A look for drift makes no calibration, which other tools could take: there is only what it says.
function downloadCard(job, { isLook }, signal) {
  const note = el("p", { class: "error", role: "alert" });
  const fetchFile = async (format) => {
    note.textContent = "";
    try {
      const address = format === "report" ? `jobs/${job.id}/report` : `jobs/${job.id}/result?format=${format}`;
      const response = await request(address, { signal });
      const name = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "")?.[1] ?? `calibration-${format}`;
      download(await response.blob(), name);
    } catch (error) {
      note.textContent = error.message;
    }
  };
  const buttons = Object.entries(FORMATS).filter(([format]) => !isLook || OF_A_LOOK.includes(format)).map(([format, name]) => el("button", { type: "button", class: "quiet", "data-format": format, onclick: () => fetchFile(format) }, name));
  return el("section", { class: "card" }, el("h2", {}, "Take it with you"), el("div", { class: "downloads" }, buttons), note);
}
