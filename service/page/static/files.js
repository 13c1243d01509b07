// Choosing and dropping files, one list for each part of the request.

import { byId } from "./dom.js";

const ENDINGS = { image: /\.(png|jpe?g)$/i, point_cloud: /\.(bin|pcd|ply|las|laz|npy|csv)$/i, image_labels: /\.png$/i, point_labels: /\.(label|npy)$/i };

const CALIBRATION = /\.(json|ya?ml|txt)$/i;

export const chosen = { image: [], point_cloud: [], image_labels: [], point_labels: [] };

export function prepareFiles() {
  for (const part of Object.keys(chosen)) {
    byId(part).addEventListener("change", (event) => chooseFiles(part, [...event.target.files]));
  }
  for (const zone of document.querySelectorAll(".drop")) {
    zone.addEventListener("dragover", () => zone.classList.add("over"));
    zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  }
  // A file that misses its box would otherwise replace the page, and all that was typed with it.
  window.addEventListener("dragover", (event) => event.preventDefault());
  window.addEventListener("drop", drop);
}

export function chooseFiles(part, files) {
  chosen[part] = [...files].sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
  byId(`${part}-files`).textContent = chosen[part].map((file) => `${file.name}, ${size(file.size)}`).join(" · ");
  byId(`${part}-error`).textContent = "";
  byId(part).removeAttribute("aria-invalid");
  if (part === "image") showThumbnail();
}

function drop(event) {
  event.preventDefault();
  const zone = event.target.closest?.(".drop");
  for (const each of document.querySelectorAll(".drop.over")) each.classList.remove("over");
  const files = [...(event.dataTransfer?.files ?? [])];
  if (!files.length) return;
  if (zone && files.length && files.every((file) => ENDINGS[zone.dataset.drop].test(file.name))) {
    chooseFiles(zone.dataset.drop, files);
    return;
  }
  // Dropped together or beside the boxes: the ending tells what is what.
  for (const part of ["image", "point_cloud"]) {
    const own = files.filter((file) => ENDINGS[part].test(file.name));
    if (own.length) chooseFiles(part, own);
  }
  const calibration = files.filter((file) => CALIBRATION.test(file.name));
  if (calibration.length) chooseCalibration(calibration);
}

// As if they had been chosen: whoever reads that field hears of it.
function chooseCalibration(files) {
  const chosenFiles = new DataTransfer();
  for (const file of files) chosenFiles.items.add(file);
  byId("calibration_file").files = chosenFiles.files;
  byId("calibration_file").dispatchEvent(new Event("change", { bubbles: true }));
}

// Only what can be decoded is shown; why something cannot is for the server to say.
async function showThumbnail() {
  const image = byId("thumbnail");
  if (image.src) URL.revokeObjectURL(image.src);
  image.hidden = true;
  const [first] = chosen.image;
  if (!first) return;
  try {
    (await createImageBitmap(first)).close();
  } catch {
    return;
  }
  if (first !== chosen.image[0]) return;
  image.src = URL.createObjectURL(first);
  image.hidden = false;
}

function size(bytes) {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
