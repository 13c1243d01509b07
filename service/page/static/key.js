// The API key, where the server asks for one: kept for as long as this tab lives.

import { byId } from "./dom.js";

const PLACE = "semalign.key";
let asking = null;

export const currentKey = () => sessionStorage.getItem(PLACE) ?? "";

// Returns whether there is a key to try again with. Requests that fail together ask once.
export function askForKey(reason) {
  asking ??= ask(reason).finally(() => {
    asking = null;
  });
  return asking;
}

function ask(reason) {
  const [dialog, form, field] = [byId("key-dialog"), byId("key-form"), byId("key")];
  byId("key-button").hidden = false;
  byId("key-error").textContent = reason;
  field.value = "";
  return new Promise((resolve) => {
    form.onsubmit = () => {
      sessionStorage.setItem(PLACE, field.value.trim());
      dialog.returnValue = "given";
    };
    byId("key-cancel").onclick = () => dialog.close("");
    dialog.onclose = () => resolve(dialog.returnValue === "given" && field.value.trim() !== "");
    dialog.returnValue = "";
    dialog.showModal();
  });
}

byId("key-button").hidden = !currentKey();
byId("key-button").addEventListener("click", () => askForKey("").then((given) => given && location.reload()));
