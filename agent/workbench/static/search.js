// Code search with look-up: a dialog; words go to the server in the body of a request.
import { onKey } from "./keys.js";
import { form, place, send } from "./send.js";

export function startSearch(path, editor) {
  const dialog = document.getElementById("search");
  const text = document.getElementById("search-text");
  const system = document.getElementById("search-system");
  const hits = document.getElementById("hits");
  const looked = document.getElementById("looked");
  let waiting = 0;

  const open = (which) => {
    if (which) system.value = which;
    dialog.showModal();
    text.select();
  };
  const search = async () => {
    if (!text.value.trim()) return;
    place(hits, await send(`${path}/search`, form({ text: text.value, system: system.value })));
  };
  const look = async (code) => place(looked, await send(`${path}/look-up`, form({ code, system: system.value })));

  text.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(search, 150); });
  system.addEventListener("change", search);
  dialog.addEventListener("click", (event) => {
    const hit = event.target.closest("[data-code]");
    const use = event.target.closest("[data-use]");
    if (hit) look(hit.dataset.code);
    if (use) { dialog.close(); editor.add(use.dataset.use, system.value); }
  });
  dialog.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const all = [text, ...hits.querySelectorAll(".hit")];
    all[Math.min(Math.max(all.indexOf(document.activeElement) + by, 0), all.length - 1)].focus();
  });
  for (const button of document.querySelectorAll("[data-search-for]")) button.addEventListener("click", () => open(button.dataset.searchFor));
  onKey("/", () => open());
}
