// The WebGL scene of a cloud: drawn when something changed, and not otherwise.

import * as THREE from "../vendor/three.module.min.js";
import { OrbitControls } from "../vendor/OrbitControls.js";

// Colours are those of the legend and of the overlays: nothing is lit here, so nothing has to be converted.
THREE.ColorManagement.enabled = false;

const POINT_SIZE_M = 0.11;
const FAR_M = 500;

// description: points and colours (three a point), frusta, up, ahead and center (LiDAR frame). Throws without WebGL.
export function openScene(canvas, description, signal) {
  const renderer = new THREE.WebGLRenderer({ canvas, antialias: true });
  renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
  renderer.outputColorSpace = THREE.LinearSRGBColorSpace;
  renderer.setClearColor(description.backdrop);
  const scene = new THREE.Scene();
  const colours = new THREE.BufferAttribute(description.colours.slice(), 3, true);
  scene.add(cloudOf(description.points, colours), ...description.frusta.map(linesOf), new THREE.AxesHelper(1));
  const eye = new THREE.PerspectiveCamera(55, 1, 0.05, FAR_M);
  eye.up.set(...description.up);
  const controls = new OrbitControls(eye, canvas);
  controls.listenToKeyEvents(canvas);

  let waiting = false;
  const draw = () => {
    waiting = false;
    renderer.render(scene, eye);
  };
  const drawSoon = () => {
    if (!waiting) requestAnimationFrame(draw);
    waiting = true;
  };
  const fit = () => {
    renderer.setSize(canvas.clientWidth, canvas.clientHeight, false);
    eye.aspect = canvas.clientWidth / canvas.clientHeight;
    eye.updateProjectionMatrix();
    drawSoon();
  };
  const look = (from) => {
    place(eye, controls.target, from, description);
    controls.update();
    drawSoon();
  };
  controls.addEventListener("change", drawSoon);
  const observer = new ResizeObserver(fit);
  observer.observe(canvas.parentElement);
  fit();
  look("behind");
  signal.addEventListener("abort", () => {
    observer.disconnect();
    controls.dispose();
    renderer.dispose();
    renderer.forceContextLoss();
  });
  return {
    look,
    recolour(values) {
      colours.array.set(values);
      colours.needsUpdate = true;
      drawSoon();
    },
  };
}

function cloudOf(points, colours) {
  const geometry = new THREE.BufferGeometry();
  geometry.setAttribute("position", new THREE.BufferAttribute(points, 3));
  geometry.setAttribute("color", colours);
  return new THREE.Points(geometry, new THREE.PointsMaterial({ size: POINT_SIZE_M, vertexColors: true }));
}

function linesOf({ apex, corners, colour }) {
  const ends = corners.flatMap((corner, index) => [apex, corner, corner, corners[(index + 1) % 4]]);
  const geometry = new THREE.BufferGeometry();
  geometry.setAttribute("position", new THREE.BufferAttribute(new Float32Array(ends.flat()), 3));
  return new THREE.LineSegments(geometry, new THREE.LineBasicMaterial({ color: colour }));
}

// Metres back and up from the camera, and how far ahead the eye looks.
const VIEWS = { behind: [-6.5, 4, 5], above: [4, 38, 4.5], camera: [0, 0, 5] };

function place(eye, target, from, { center, ahead, up }) {
  const [back, high, far] = VIEWS[from];
  const [origin, forward, upward] = [center, ahead, up].map((values) => new THREE.Vector3(...values));
  eye.position.copy(origin).addScaledVector(forward, back).addScaledVector(upward, high);
  target.copy(origin).addScaledVector(forward, far);
}
