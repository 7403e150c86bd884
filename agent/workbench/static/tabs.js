// Tabs after the ARIA pattern: arrows move, 1 to 6 choose; a part may be fetched when it is first shown.
import { onKey } from "./keys.js";
import { place } from "./send.js";

async function load(panel) {
  const url = panel.dataset.load;
  if (!url) return;
  delete panel.dataset.load;
  const answer = await fetch(url, { headers: { "x-fragment": "1" }, credentials: "same-origin" });
  if (answer.ok) place(panel, await answer.text());
}

export function startTabs() {
  const tabs = [...document.querySelectorAll('[role="tab"]')];
  const panel = (tab) => document.getElementById(tab.getAttribute("aria-controls"));
  const select = (tab, focus) => {
    for (const other of tabs) {
      const chosen = other === tab;
      other.setAttribute("aria-selected", String(chosen));
      other.tabIndex = chosen ? 0 : -1;
      panel(other).hidden = !chosen;
    }
    load(panel(tab));
    if (focus) tab.focus();
  };
  for (const [number, tab] of tabs.entries()) {
    tab.addEventListener("click", () => select(tab));
    tab.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (by) select(tabs[(number + by + tabs.length) % tabs.length], true);
    });
    onKey(String(number + 1), () => select(tab, true));
  }
  select(tabs[0]);
  return (id) => select(tabs.find((tab) => tab.getAttribute("aria-controls") === id));
}
