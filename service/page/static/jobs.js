// The list of past jobs.

import { getJson } from "./api.js";
import { byId, el, lifetime } from "./dom.js";
import { WORDS } from "./outcome.js";

export const STATE_WORDS = { queued: "Waiting", running: "Running", succeeded: "Done", failed: "Failed", cancelled: "Cancelled" };

// Shows the first page; returns what to call when the view is left.
export function showJobs() {
  const life = lifetime();
  const list = el("ul", { class: "jobs" });
  byId("jobs-list").replaceChildren(list);
  showPage("jobs?limit=20", list, life.signal);
  return life.end;
}

async function showPage(address, list, signal) {
  const more = byId("more-jobs");
  more.hidden = true;
  try {
    const page = await getJson(address, { signal });
    list.append(...page.jobs.map(item));
    if (!list.children.length) byId("jobs-list").replaceChildren(el("p", {}, "There are none yet. ", el("a", { href: "#/" }, "Start one."), " Results are kept for a week."));
    more.hidden = !page.next;
    more.onclick = () => showPage(page.next, list, signal);
  } catch (error) {
    if (error.name !== "AbortError") byId("jobs-list").append(el("p", { class: "notice bad", role: "alert" }, error.message));
  }
}

function item(job) {
  const when = new Date(job.created_at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  const [level, words] = (job.state === "succeeded" && WORDS[job.verdict]) || [job.state, ""];
  const what = job.state === "running" ? `${Math.round(job.progress * 100)} %` : (job.error?.detail ?? words);
  return el(
    "li", {},
    el("a", { href: `#/jobs/${job.id}` },
      el("span", {}, when), el("span", {}, job.kind === "evaluate" ? "Look for drift" : "Calibration"), el("span", { class: "id" }, job.id.slice(0, 8)), el("span", { class: "muted" }, what),
      el("span", { class: `chip ${level}` }, STATE_WORDS[job.state])),
  );
}
