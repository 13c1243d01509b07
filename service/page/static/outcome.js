// What a job says, whether it was to calibrate or to look for drift: in one form, and in plain words.

// By the verdict: how good it is, and what it says.
export const WORDS = {
  high: ["high", "You can trust this rotation"],
  low: ["low", "Look before you trust it"],
  rejected: ["rejected", "No calibration to trust"],
  aligned: ["high", "It still fits"],
  drifted: ["rejected", "It has drifted"],
  cannot_tell: ["low", "These frames cannot tell"],
};
const UNJUDGED = ["none", "Done, without a verdict"];

// given, found: T_cam_lidar; before, after: losses. What could not be told is null.
export function outcomeOf({ state, result }) {
  const [level, heading] = WORDS[result.verdict] ?? (state === "succeeded" ? UNJUDGED : WORDS.rejected);
  const losses = result.alignment_loss;
  const common = { level, heading, reasons: result.reasons, change: result.change, confidence: result.confidence };
  if (result.kind === "evaluation") {
    const found = result.estimate_T_cam_lidar ?? result.T_cam_lidar;
    return { ...common, isLook: true, given: result.T_cam_lidar, found, before: losses.given, after: losses.estimate, visible: result.departure?.smallest_visible };
  }
  return { ...common, isLook: false, given: result.initial_T_cam_lidar, found: result.T_cam_lidar, before: losses.before, after: losses.after };
}
