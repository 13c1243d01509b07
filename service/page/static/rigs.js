// Rigs that are watched for drift: which there are, and how one stands.

import { getJson, request } from "./api.js";
import { byId, el, lifetime } from "./dom.js";
import { linesChart } from "./lines.js";
import { short } from "./numbers.js";

const WORDS = {
  green: ["high", "In place", "Nothing to do."],
  yellow: ["low", "Remarkable", "Send more frames."],
  red: ["rejected", "It has drifted", "Calibrate with recent frames, and send the next ones with the new extrinsic."],
  unknown: ["none", "Too few frames to tell", "Send more frames."],
};
const CHIPS = { green: "succeeded", yellow: "cancelled", red: "failed", unknown: "" };
const TURNS = ["pitch", "yaw", "roll"];
const HISTORY = 200;
const SHOWN_SIGHTINGS = 20;

// Shows all rigs, or one; returns what to call when the view is left.
export function showRigs(name) {
  const life = lifetime();
  const place = byId("rigs-body");
  byId("rigs-title").textContent = name ?? "Watched rigs";
  place.replaceChildren();
  (name ? showRig(name, place, life.signal) : showList(place, life.signal)).catch((error) => {
    if (error.name !== "AbortError") place.replaceChildren(el("p", { class: "notice bad", role: "alert" }, error.message));
  });
  return life.end;
}

async function showList(place, signal) {
  const { rigs } = await getJson("rigs", { signal });
  if (!rigs.length) {
    place.append(el("p", {}, "No rig is watched yet. Send a frame to ", el("code", {}, "POST /rigs/NAME/frames"), " now and then: as soon as the mounting is no longer what you said, it turns red here."));
    return;
  }
  place.append(el("ul", { class: "jobs" }, rigs.map((rig) => el("li", {}, el("a", { href: `#/rigs/${rig.id}` },
    el("span", {}, rig.id), el("span", { class: "muted" }, `${rig.frames} ${rig.frames === 1 ? "look" : "looks"}, the latest ${when(rig.seen_at)}`),
    el("span", { class: `chip ${CHIPS[rig.status]}` }, WORDS[rig.status][1]))))));
}

async function showRig(name, place, signal) {
  const [rig, { events }] = await Promise.all([getJson(`rigs/${name}?count=${HISTORY}`, { signal }), getJson(`rigs/${name}/events?count=20`, { signal })]);
  place.replaceChildren(statusCard(rig), historyCard(rig), listCard("What happened", events.map(eventItem), "Nothing yet."),
    listCard("Latest looks", rig.history.slice(0, SHOWN_SIGHTINGS).map(sightingItem), "None yet."), forgetButton(name));
}

function statusCard(rig) {
  const [level, heading, advice] = WORDS[rig.status];
  const known = (values) => TURNS.map((name) => values[name]).filter(Number.isFinite);
  const item = (label, value, note) => el("div", {}, el("dt", {}, label), el("dd", {}, value, el("small", {}, note)));
  return el("section", { class: `card verdict ${level}`, id: "rig-status" },
    el("h2", {}, heading), el("p", {}, advice),
    el("dl", { class: "numbers" },
      item("Turned by", `${short(rig.rotation_deg)}°`, `known to about ±${short(Math.max(...known(rig.sigma)))}°`),
      item("Would be seen", `${short(Math.max(...known(rig.smallest_visible)))}°`, "the smallest turn, about the least certain axis"),
      item("Looks", String(rig.frames), `the latest ${when(rig.seen_at)}`)));
}

function historyCard({ history }) {
  const entries = [...history].reverse();
  const card = el("section", { class: "card", id: "rig-history" }, el("h2", {}, "How it moved"));
  if (entries.length < 2) {
    card.append(el("p", { class: "muted" }, "From the second look on, the estimate is drawn here."));
    return card;
  }
  const times = entries.map(({ at }) => new Date(at).getTime());
  const curves = TURNS.map((name) => ({ name, points: entries.map(({ departure }, index) => [times[index], departure[name]]) }));
  const most = Math.max(0.5, ...curves.flatMap(({ points }) => points.map(([, value]) => Math.abs(value))));
  const last = entries.at(-1).departure;
  card.append(el("p", { class: "muted" }, "Estimated turn away from the reference, after each look."), linesChart({
    curves, yTicks: [-most, 0, most], unit: "°", axis: "", label: `Turn from the reference; lately ${TURNS.map((name) => `${name} ${short(last[name])}°`).join(", ")}`,
    xTicks: [[times[0], when(entries[0].at)], [times.at(-1), when(entries.at(-1).at)]],
  }));
  return card;
}

function listCard(heading, items, otherwise) {
  return el("section", { class: "card" }, el("h2", {}, heading), items.length ? el("ul", { class: "plain" }, items) : el("p", { class: "muted" }, otherwise));
}

const eventItem = ({ at, sentence, job_id: job }) => el("li", {}, el("span", { class: "muted" }, `${when(at)} `), sentence, job && el("span", {}, " ", el("a", { href: `#/jobs/${job}` }, "The look")));

function sightingItem({ at, job_id: job, verdict, rotation_deg: turn }) {
  return el("li", {}, el("a", { href: `#/jobs/${job}` }, when(at)), ` ${verdict.replace("_", " ")}; turned by ${short(turn)}° in all`);
}

function forgetButton(name) {
  const note = el("span", { class: "error", role: "alert" });
  const forget = async () => {
    if (!confirm(`Forget ${name}? Its history is gone then.`)) return;
    try {
      await request(`rigs/${name}`, { method: "DELETE" });
      location.hash = "#/rigs";
    } catch (error) {
      note.textContent = error.message;
    }
  };
  return el("p", { class: "actions" }, el("button", { type: "button", class: "danger", onclick: forget }, "Forget this rig"), note);
}

const when = (time) => (time ? new Date(time).toLocaleString([], { dateStyle: "medium", timeStyle: "short" }) : "never");
