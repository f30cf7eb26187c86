// Draws the view in each of its states, without Jupyter. `?scene=name` shows one of them alone,
// `&theme=light` or `dark` sets JupyterLab's theme (without it: the browser's colour scheme),
// `&tab=Metrics` opens a tab.

import { Session } from "../src/state/session";
import { mountRun } from "../src/view/run";
import { GalleryRecord } from "./gallery-record";
import { scenes } from "./scenes";

const asked = new URLSearchParams(location.search);
const theme = asked.get("theme");
if (theme) document.body.dataset.jpThemeLight = String(theme === "light");

for (const [name, scene] of Object.entries(scenes)) {
  if (asked.has("scene") && asked.get("scene") !== name) continue;
  const place = document.createElement("div");
  place.className = "scene";
  const link = document.createElement("a");
  link.href = `?scene=${name}&theme=${theme ?? ""}`;
  link.textContent = name;
  const el = document.createElement("div");
  place.append(link, el);
  document.body.append(place);
  mountRun(new Session(new GalleryRecord(scene), null), el);
}

const tab = asked.get("tab");
if (tab) {
  setTimeout(() => {
    for (const found of document.querySelectorAll<HTMLElement>(`[role=tab][aria-label="${tab}"]`)) {
      found.click();
    }
  }, 50);
}
