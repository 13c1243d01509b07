// The size of the pictures that a calibration file is about: on pictures of another size every point would land elsewhere.

import { FormError } from "./blame.js";
import { byId } from "./dom.js";
import { openPicture } from "./picture.js";

const INTRINSICS = ["fx", "fy", "cx", "cy"];
let stated = null;

// found: what the server read in the file. Whoever changes its numbers by hand has their own in mind.
export function rememberSize({ camera, image_width: width, image_height: height }, file) {
  if (!camera) return;
  stated = width && height ? { width, height, file } : null;
  for (const id of INTRINSICS) {
    for (const kind of ["input", "paste"]) byId(id).addEventListener(kind, forget, { once: true });
  }
}

const forget = () => {
  stated = null;
};

// Throws FormError where the file is about pictures of another size. What is no picture is for the server to say.
export async function checkSize(picture) {
  if (!stated) return;
  const { width, height, file } = stated;
  let bitmap;
  try {
    bitmap = await openPicture(picture);
  } catch {
    return;
  }
  const found = [bitmap.width, bitmap.height];
  bitmap.close();
  if (found[0] === width && found[1] === height) return;
  throw new FormError("camera", `${file} has the intrinsics of pictures of ${width}×${height} pixels, but ${picture.name} has ${found.join("×")}: choose the picture as the camera took it, or type intrinsics scaled to its size.`, "fx");
}
