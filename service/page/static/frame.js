// The first frame of a job: picture, points and the classes of both.

import { getBlob, getJson, request } from "./api.js";
import { makeCamera } from "./camera.js";
import { openPicture } from "./picture.js";

const POINT_BYTES = 13; // x y z as float32, and a class

export async function loadFrame(job, signal) {
  const view = await getJson(`jobs/${job.id}/view`, { signal });
  const [width, height] = [view.image_width, view.image_height];
  const sent = view.links.inputs.find(({ part }) => part === "image");
  const [points, picture, classes] = await Promise.all([
    request(view.links.points, { signal }).then((response) => response.arrayBuffer()),
    getBlob(sent.href, { signal }).then(openPicture),
    getBlob(view.links.image_classes, { signal }).then((blob) => createImageBitmap(blob, { colorSpaceConversion: "none" })),
  ]);
  const count = points.byteLength / POINT_BYTES;
  return {
    camera: makeCamera(view.camera, width, height),
    classes: view.classes,
    history: view.history,
    inputs: view.links.inputs,
    points: new Float32Array(points, 0, 3 * count),
    pointClasses: new Uint8Array(points, 12 * count),
    pixelClasses: channelOf(pixelsOf(classes, width, height)),
    picture,
  };
}

export function pixelsOf(bitmap, width, height) {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

function channelOf({ data }) {
  const values = new Uint8Array(data.length / 4);
  for (let i = 0; i < values.length; i++) values[i] = data[4 * i];
  return values;
}

// Which classes the points have, most frequent first, with their colours.
export function pointLegend({ classes, pointClasses }) {
  const counts = new Array(classes.length).fill(0);
  for (const id of pointClasses) if (id) counts[id - 1]++;
  return classes.map((each, index) => ({ ...each, count: counts[index] })).filter(({ count }) => count).sort((a, b) => b.count - a.count);
}

// Three bytes a point.
export function classColours({ classes, pointClasses }) {
  const colours = new Uint8Array(3 * pointClasses.length).fill(140);
  pointClasses.forEach((id, n) => id && colours.set(classes[id - 1].colour, 3 * n));
  return colours;
}
