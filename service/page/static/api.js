// The HTTP interface: requests with the caller's key, problems as errors, and a job's events.

import { askForKey, currentKey } from "./key.js";

const RECONNECT_MS = 2000;
// No answer at all, and those of proxies and servers that are not at their best.
const PASSING = [0, 502, 503, 504];

// A refusal, as RFC 9457 puts it.
export class Problem extends Error {
  constructor(status, fields) {
    super(fields.detail ?? fields.title ?? `The server answered ${status}.`);
    this.status = status;
    this.type = fields.type ?? "";
    this.part = fields.part;
    this.frame = fields.frame;
  }
}

export async function request(address, options = {}) {
  const key = currentKey();
  const headers = { ...options.headers, ...(key && { Authorization: `Bearer ${key}` }) };
  let response;
  try {
    response = await fetch(address, { ...options, headers, redirect: "error" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { detail: "The server does not answer. Check that it runs, then try again." });
  }
  if (response.ok) return response;
  const isProblem = response.headers.get("Content-Type")?.startsWith("application/problem+json");
  const problem = new Problem(response.status, isProblem ? await response.json() : {});
  if (response.status !== 401) throw problem;
  if (!(await askForKey(key ? problem.message : ""))) throw problem;
  return request(address, options);
}

export const getJson = async (address, options) => (await request(address, options)).json();
export const getBlob = async (address, options) => (await request(address, options)).blob();

export async function submit(form) {
  const headers = { "Idempotency-Key": crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}` };
  return (await request("calibrate", { method: "POST", body: form, headers })).json();
}

// Calls `onStatus` with each change until the job has ended. EventSource cannot send a key, so the stream is read here.
// Where there is no stream, because too many are open or the broker restarts, the job is asked for now and then.
export async function follow(id, onStatus, signal) {
  const state = { lastId: "" };
  for (;;) {
    if (await unlessPassing(() => readEvents(id, state, onStatus, signal))) return;
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
    const job = await unlessPassing(() => getJson(`jobs/${id}`, { signal }));
    if (job) onStatus(job);
    if (job?.finished_at) return;
  }
}

// Returns whether the job has ended; false where the stream did before.
async function readEvents(id, state, onStatus, signal) {
  const headers = state.lastId ? { "Last-Event-ID": state.lastId } : {};
  const response = await request(`jobs/${id}/events`, { headers, signal });
  if (response.status === 204) return true;
  for await (const event of eventsOf(response.body)) {
    state.lastId = event.id || state.lastId;
    if (event.event === "gone") throw new Problem(404, { detail: "This job was deleted." });
    if (event.data) onStatus(JSON.parse(event.data));
    if (event.event === "end") return true;
  }
  return false;
}

// Returns what `act` does, or null where it failed for a reason that passes: a lost connection, or a busy server.
async function unlessPassing(act) {
  try {
    return await act();
  } catch (error) {
    const passes = error instanceof Problem ? PASSING.includes(error.status) : error.name === "TypeError";
    if (!passes) throw error;
    return null;
  }
}

async function* eventsOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    waiting += value.replaceAll("\r\n", "\n");
    const blocks = waiting.split("\n\n");
    waiting = blocks.pop();
    yield* blocks.map(fieldsOf);
  }
}

function fieldsOf(block) {
  const event = {};
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) event[line.slice(0, colon)] = (event[line.slice(0, colon)] ?? "") + line.slice(colon + 1).trim();
  }
  return event;
}
