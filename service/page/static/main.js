// Which view is shown: the part of the address after #, so that links, reloading and going back work.

import { byId } from "./dom.js";
import { prepareForm } from "./form.js";
import { showJob } from "./job.js";
import { showJobs } from "./jobs.js";
import { showRigs } from "./rigs.js";

const VIEWS = { new: byId("view-new"), jobs: byId("view-jobs"), job: byId("view-job"), rigs: byId("view-rigs") };
const NAMES = { "#/jobs": "jobs", "#/rigs": "rigs" };
const TITLES = { new: "semalign", jobs: "Past jobs · semalign", job: "Job · semalign", rigs: "Rigs · semalign" };
let leave = () => {};

function show() {
  leave();
  leave = () => {};
  const id = /^#\/jobs\/([0-9a-f]{32})$/.exec(location.hash)?.[1];
  const rig = /^#\/rigs\/([\w.-]{1,64})$/.exec(location.hash)?.[1];
  const name = id ? "job" : rig ? "rigs" : (NAMES[location.hash] ?? "new");
  for (const [key, view] of Object.entries(VIEWS)) view.hidden = key !== name;
  for (const link of document.querySelectorAll("[data-nav]")) {
    link.toggleAttribute("aria-current", link.dataset.nav === name);
    if (link.dataset.nav === name) link.setAttribute("aria-current", "page");
  }
  document.title = TITLES[name];
  if (name === "job") leave = showJob(VIEWS.job, id);
  if (name === "jobs") leave = showJobs();
  if (name === "rigs") leave = showRigs(rig);
}

prepareForm();
window.addEventListener("hashchange", () => {
  show();
  window.scrollTo(0, 0);
  byId("main").focus({ preventScroll: true });
});
show();
