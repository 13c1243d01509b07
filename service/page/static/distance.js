// The nearest pixel of a mask for every pixel on and around the image: an exact Euclidean feature transform after
// Felzenszwalb and Huttenlocher, Distance Transforms of Sampled Functions, 2012.

export const MARGIN_PX = 32;
const NONE = -1;

// mask: one byte a pixel. Returns the columns and rows, on a grid with a margin; null for an empty mask.
export function nearestPixels(mask, width, height, margin = MARGIN_PX) {
  const [wide, high] = [width + 2 * margin, height + 2 * margin];
  const rows = nearestRows(mask, width, height, margin, wide, high);
  if (!rows) return null;
  const nearestU = new Int16Array(wide * high);
  const nearestV = new Int16Array(wide * high);
  // The lower envelope of one parabola a column: which column is nearest, from where on.
  const owner = new Int32Array(wide);
  const starts = new Float64Array(wide + 1);
  for (let y = 0; y < high; y++) {
    const line = y * wide;
    let last = -1;
    for (let x = 0; x < wide; x++) {
      const row = rows[line + x];
      if (row === NONE) continue;
      const height2 = (row - y) ** 2;
      let start = -Infinity;
      while (last >= 0) {
        const q = owner[last];
        start = (height2 + x * x - (rows[line + q] - y) ** 2 - q * q) / (2 * (x - q));
        if (start > starts[last]) break;
        last--;
        start = -Infinity;
      }
      last++;
      owner[last] = x;
      starts[last] = start;
    }
    starts[last + 1] = Infinity;
    for (let x = 0, at = 0; x < wide; x++) {
      while (starts[at + 1] < x) at++;
      nearestU[line + x] = owner[at] - margin;
      nearestV[line + x] = rows[line + owner[at]] - margin;
    }
  }
  return { nearestU, nearestV, wide, high, margin };
}

// The nearest row of the mask within each column, or NONE where a column has none; null where no column has any.
function nearestRows(mask, width, height, margin, wide, high) {
  const rows = new Int32Array(wide * high).fill(NONE);
  let any = false;
  for (let x = 0; x < width; x++) {
    let last = NONE;
    for (let y = 0; y < high; y++) {
      const inside = y >= margin && y < margin + height;
      if (inside && mask[(y - margin) * width + x]) last = y;
      rows[y * wide + x + margin] = last;
    }
    if (last === NONE) continue;
    any = true;
    let next = NONE;
    for (let y = high - 1; y >= 0; y--) {
      const at = y * wide + x + margin;
      if (rows[at] === y) next = y;
      if (next !== NONE && (rows[at] === NONE || next - y < y - rows[at])) rows[at] = next;
    }
  }
  return any ? rows : null;
}
