// Numbers as people paste them: matrices of any tool, JSON, YAML, one after the other.

export function numbersIn(text) {
  const bare = text.replace(/\b[A-Za-z_][\w.]*\b/g, " ");
  return (bare.match(/[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/g) ?? []).map(Number);
}

// 9 numbers row by row, 12 of a projection matrix, or fx fy cx cy; null for anything else.
export function intrinsicsIn(text) {
  const n = numbersIn(text);
  if (n.length === 9) return { fx: n[0], fy: n[4], cx: n[2], cy: n[5] };
  if (n.length === 12) return { fx: n[0], fy: n[5], cx: n[2], cy: n[6] };
  return n.length === 4 ? { fx: n[0], fy: n[1], cx: n[2], cy: n[3] } : null;
}

// 16 or 12 numbers, row by row, as four rows; null for anything else.
export function matrixIn(text) {
  const n = numbersIn(text);
  if (n.length !== 12 && n.length !== 16) return null;
  const full = n.length === 12 ? [...n, 0, 0, 0, 1] : n;
  return [0, 4, 8, 12].map((start) => full.slice(start, start + 4));
}

export function matrixText(T) {
  return T.map((row) => row.map((value) => tidy(value)).join("  ")).join("\n");
}

export function tidy(value) {
  return String(Number(value.toFixed(9)));
}

// A number for reading: three digits that mean something.
export function short(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value !== 0 && Math.abs(value) < 0.001) return value.toExponential(1);
  const digits = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
  return value.toLocaleString("en", { maximumFractionDigits: Math.max(0, Math.min(3, 2 - digits)) });
}

// A degree sign stands close to its number, other units do not.
export function withUnit(number, unit) {
  return unit === "°" ? `${number}°` : `${number} ${unit}`;
}
