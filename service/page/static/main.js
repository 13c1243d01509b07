// Which view is shown: the part of the address after #, so that links, reloading and going back work.

import { byId } from "./dom.js";
import { prepareForm } from "./form.js";
import { showJob } from "./job.js";
import { showJobs } from "./jobs.js";

const VIEWS = { new: byId("view-new"), jobs: byId("view-jobs"), job: byId("view-job") };
let leave = () => {};

function show() {
  leave();
  leave = () => {};
  const id = /^#\/jobs\/([0-9a-f]{32})$/.exec(location.hash)?.[1];
  const name = id ? "job" : location.hash === "#/jobs" ? "jobs" : "new";
  for (const [key, view] of Object.entries(VIEWS)) view.hidden = key !== name;
  for (const link of document.querySelectorAll("[data-nav]")) {
    link.toggleAttribute("aria-current", link.dataset.nav === name);
    if (link.dataset.nav === name) link.setAttribute("aria-current", "page");
  }
  document.title = { new: "semalign", jobs: "Past jobs · semalign", job: "Job · semalign" }[name];
  if (name === "job") leave = showJob(VIEWS.job, id);
  if (name === "jobs") leave = showJobs();
}

prepareForm();
window.addEventListener("hashchange", () => {
  show();
  window.scrollTo(0, 0);
  byId("main").focus({ preventScroll: true });
});
show();
