// The HTTP interface: requests with the caller's key, problems as errors, and a job's events.

import { askForKey, currentKey } from "./key.js";

const RECONNECT_MS = 2000;

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
export async function follow(id, onStatus, signal) {
  let lastId = "";
  while (!signal.aborted) {
    const headers = lastId ? { "Last-Event-ID": lastId } : {};
    const response = await request(`jobs/${id}/events`, { headers, signal });
    if (response.status === 204) return;
    try {
      for await (const event of eventsOf(response.body)) {
        lastId = event.id || lastId;
        if (event.event === "gone") throw new Problem(404, { detail: "This job was deleted." });
        if (event.data) onStatus(JSON.parse(event.data));
        if (event.event === "end") return;
      }
    } catch (error) {
      if (error instanceof Problem || signal.aborted) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
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
