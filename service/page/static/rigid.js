// Rigid transforms as rows of four numbers: p_a = T_a_b p_b. Frames and signs as in docs/conventions.md.

export const AXES = [
  { name: "pitch", unit: "°", kind: "turn", axis: 0, label: "Pitch", hint: "nose down − up +" },
  { name: "yaw", unit: "°", kind: "turn", axis: 1, label: "Yaw", hint: "left − right +" },
  { name: "roll", unit: "°", kind: "turn", axis: 2, label: "Roll", hint: "left − right +" },
  { name: "right", unit: "cm", kind: "shift", axis: 0, label: "Sideways", hint: "left − right +" },
  { name: "down", unit: "cm", kind: "shift", axis: 1, label: "Height", hint: "up − down +" },
  { name: "forward", unit: "cm", kind: "shift", axis: 2, label: "Forward", hint: "back − ahead +" },
];

export function multiply(a, b) {
  return a.map((row) => b[0].map((_, column) => row.reduce((sum, value, k) => sum + value * b[k][column], 0)));
}

export function inverse(T) {
  const rows = [0, 1, 2].map((i) => {
    const turned = [0, 1, 2].map((k) => T[k][i]);
    return [...turned, -turned.reduce((sum, value, k) => sum + value * T[k][3], 0)];
  });
  return [...rows, [0, 0, 0, 1]];
}

// The camera of T_cam_lidar, turned about its own axes (degrees) and then moved along those it had (cm).
export function nudged(T_cam_lidar, amounts) {
  const value = (name) => amounts[name] ?? 0;
  const radians = (name) => (value(name) * Math.PI) / 180;
  const turn = multiply(multiply(about(1, radians("yaw")), about(0, radians("pitch"))), about(2, radians("roll")));
  const motion = turn.map((row, i) => [...row, value(["right", "down", "forward"][i]) / 100]);
  return multiply(inverse([...motion, [0, 0, 0, 1]]), T_cam_lidar);
}

export function angleBetweenDeg(A, B) {
  const between = multiply(A, inverse(B));
  const cosine = (between[0][0] + between[1][1] + between[2][2] - 1) / 2;
  const sine = Math.hypot(between[2][1] - between[1][2], between[0][2] - between[2][0], between[1][0] - between[0][1]) / 2;
  return (Math.atan2(sine, cosine) * 180) / Math.PI;
}

// Where the camera sits in the LiDAR's frame, metres.
export function cameraCenter(T_cam_lidar) {
  return inverse(T_cam_lidar).slice(0, 3).map((row) => row[3]);
}

function about(axis, angle) {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const [i, j] = [(axis + 1) % 3, (axis + 2) % 3];
  const R = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
  R[i][i] = c;
  R[i][j] = -s;
  R[j][i] = s;
  R[j][j] = c;
  return R;
}
