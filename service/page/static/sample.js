// The sample: a rendered street whose extrinsic is known.

import { getBlob, getJson } from "./api.js";

const FOLDER = "page/sample/";
const FILES = { image: "image.jpg", point_cloud: "cloud.laz", image_labels: "image_labels.png", point_labels: "point_labels.npy" };
const PLACE = "semalign.samples";

export async function loadSample() {
  const fetched = Object.entries(FILES).map(async ([part, name]) => [part, [new File([await getBlob(FOLDER + name)], name)]]);
  const [request, ...files] = await Promise.all([getJson(`${FOLDER}request.json`), ...fetched]);
  return { request, files: Object.fromEntries(files) };
}

const samples = () => JSON.parse(sessionStorage.getItem(PLACE) ?? "[]");

export const rememberSample = (id) => sessionStorage.setItem(PLACE, JSON.stringify([...samples(), id]));
export const isSample = (id) => samples().includes(id);
export const sampleTruth = async () => (await getJson(`${FOLDER}truth.json`)).T_cam_lidar;
