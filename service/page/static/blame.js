// Saying what is wrong beside the field that is wrong.

import { Problem } from "./api.js";
import { byId } from "./dom.js";

// Something wrong that needs no server to see.
export class FormError extends Error {
  constructor(part, message, field = part) {
    super(message);
    this.part = part;
    this.field = field;
  }
}

const FIELDS = { camera: "fx", extrinsic: "matrix", prior: "prior-rotation" };
// Which group of fields a refused request is about, by its type or by what its sentence names.
const TYPES = {
  "invalid-camera": "camera", "unsupported-distortion": "camera",
  "invalid-extrinsic": "extrinsic", "non-rigid-extrinsic": "extrinsic",
};
const WORDS = [[/\bprior\b/, "prior"], [/\b(camera|distortion|K)\b/, "camera"], [/\b(initial|T_cam_lidar|quaternion|translation_m)\b/, "extrinsic"], [/image_label/, "image_labels"], [/point_label/, "point_labels"]];

export function blame(error) {
  if (!(error instanceof Problem) && !(error instanceof FormError)) console.error(error);
  const part = partOf(error);
  const place = part && byId(`${part}-error`);
  const frame = error.frame > 0 ? `Frame ${error.frame + 1}: ` : "";
  if (!place) {
    const general = byId("form-error");
    general.textContent = error.message || "Something went wrong on this page.";
    general.hidden = false;
    general.focus();
    return;
  }
  place.textContent = frame + error.message;
  place.closest("details")?.setAttribute("open", "");
  const field = byId(error.field ?? FIELDS[part] ?? part) ?? byId(FIELDS[part] ?? part);
  const target = field.closest("[hidden]") ? byId("translation") : field;
  target.setAttribute("aria-invalid", "true");
  target.focus();
}

export function clearBlame() {
  byId("form-error").hidden = true;
  for (const place of document.querySelectorAll("#form .error")) place.textContent = "";
  for (const field of document.querySelectorAll("#form [aria-invalid]")) field.removeAttribute("aria-invalid");
}

function partOf(error) {
  if (error instanceof FormError) return error.part;
  if (error.part && error.part !== "request") return error.part;
  if (error.part !== "request") return null;
  return TYPES[error.type] ?? WORDS.find(([word]) => word.test(error.message))?.[1] ?? null;
}
