// One job: how far it is while it runs, and what came out.

import { follow, getJson, request } from "./api.js";
import { drawChart } from "./chart.js";
import { el, lifetime } from "./dom.js";
import { STATE_WORDS } from "./jobs.js";
import { short } from "./numbers.js";
import { resultParts } from "./result.js";

const STAGES = [["queued", "Waiting"], ["segmentation", "Finding classes"], ["initialization", "Searching"], ["refinement", "Refining"]];
const KINDS = { calibrate: "Calibration", evaluate: "A look for drift" };
const EXPLAIN = {
  queued: "Other jobs come first.",
  segmentation: "Every pixel and every point gets a class: road, car, house, tree …",
  initialization: "Thousands of mountings within your range are tried.",
  refinement: "The best ones are refined until nothing gets better.",
};

// Shows a job; returns what to call when the view is left.
export function showJob(view, id) {
  const life = lifetime();
  const parts = {
    chip: el("span", { class: "chip", role: "status" }), body: el("div"), live: el("div", { class: "card" }),
    remove: el("button", { type: "button", class: "danger", onclick: () => remove(id, parts) }, "Cancel and delete"),
  };
  parts.name = el("span", {}, "Calibration");
  const title = el("h1", { id: "job-title" }, parts.name, " ", parts.chip);
  view.replaceChildren(el("div", { class: "heading" }, el("div", {}, title, el("span", { class: "id" }, id)), parts.remove), parts.live, parts.body);
  run(id, parts, life.signal).catch((error) => {
    if (error.name === "AbortError" || life.signal.aborted) return;
    console.error(error);
    for (const part of [parts.live, parts.chip, parts.remove]) part.hidden = true;
    parts.body.replaceChildren(el("p", { class: "notice bad", role: "alert" }, error.message), el("p", {}, el("a", { href: "#/" }, "Start a new calibration")));
  });
  return life.end;
}

async function run(id, parts, signal) {
  let job = await getJson(`jobs/${id}`, { signal });
  parts.name.textContent = KINDS[job.kind] ?? KINDS.calibrate;
  const losses = [];
  const update = liveParts(parts.live);
  parts.chip.textContent = STATE_WORDS[job.state];
  if (!isOver(job)) {
    update(job, losses);
    await follow(id, (status) => {
      if (status.loss !== null) losses.push(status.loss);
      parts.chip.textContent = STATE_WORDS[status.state];
      update(status, losses);
    }, signal);
    job = await getJson(`jobs/${id}`, { signal });
  }
  parts.live.hidden = true;
  parts.chip.textContent = STATE_WORDS[job.state];
  parts.chip.className = `chip ${job.state}`;
  parts.remove.textContent = "Delete this job";
  await resultParts(job, parts.body, signal);
}

const isOver = (job) => ["succeeded", "failed", "cancelled"].includes(job.state);

// Fills the card of a running job; returns a function that brings it up to date.
function liveParts(card) {
  const items = STAGES.map(([, name]) => el("li", {}, name));
  const bar = el("progress", { max: 1, value: 0, "aria-label": "Share of the job that is done" });
  const [words, chart] = [el("p", { role: "status" }), el("div", { id: "loss-curve" })];
  card.hidden = false;
  card.replaceChildren(el("ol", { class: "stages" }, items), bar, words, chart);
  return (job, losses) => {
    const now = Math.max(0, STAGES.findIndex(([name]) => name === (job.stage ?? "queued")));
    items.forEach((item, index) => {
      item.className = index < now || job.stage === "done" ? "done" : index === now ? "now" : "";
      item.toggleAttribute("aria-current", index === now);
    });
    bar.value = job.progress;
    const ahead = job.queue_position ? ` ${job.queue_position} before yours.` : "";
    const loss = job.loss === null ? "" : ` Alignment loss: ${short(job.loss)} px².`;
    words.textContent = `${EXPLAIN[job.stage ?? "queued"] ?? "Nearly there."}${ahead}${loss}`;
    drawChart(chart, losses, "Alignment loss, px²");
  };
}

async function remove(id, parts) {
  const words = parts.remove.textContent;
  if (!confirm(`${words}? Everything that was sent and found is gone then.`)) return;
  parts.remove.disabled = true;
  try {
    await request(`jobs/${id}`, { method: "DELETE" });
    location.hash = "#/jobs";
  } catch (error) {
    parts.remove.disabled = false;
    parts.body.prepend(el("p", { class: "notice bad", role: "alert" }, error.message));
  }
}
