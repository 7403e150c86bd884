// The worklist: j and k walk the rows, Enter opens (it is a link), typing narrows what is on the page.
import { onKey } from "./keys.js";

export function startList() {
  const links = () => [...document.querySelectorAll("[data-row]")].filter((link) => !link.closest("tr").hidden);
  const step = (by) => {
    const all = links();
    const here = all.indexOf(document.activeElement);
    const next = here < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(here + by, 0), all.length - 1);
    all[next]?.focus();
  };
  onKey("j", () => step(1));
  onKey("k", () => step(-1));
  const search = document.querySelector("[data-search]");
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase();
    for (const link of document.querySelectorAll("[data-row]")) {
      const row = link.closest("tr");
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
    }
  });
}
