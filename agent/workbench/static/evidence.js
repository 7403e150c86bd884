// Evidence both ways: a code lights its spans in the note, a span leads to the code it supports.
import { onKey } from "./keys.js";

const marks = () => [...document.querySelectorAll("mark[data-owners]")];
const owned = (owner) => marks().filter((mark) => mark.dataset.owners.split(" ").includes(owner));

let current = null;

function light(owner) {
  current = owner;
  document.querySelector(".note").classList.toggle("lit", Boolean(owner) && owned(owner).length > 0);
  for (const mark of marks()) mark.classList.toggle("on", mark.dataset.owners.split(" ").includes(owner));
  for (const row of document.querySelectorAll("[data-owner]")) row.classList.toggle("on", row.dataset.owner === owner);
}

function reveal(mark, focus) {
  // Only the note scrolls: were the window to move between press and release of a button, the click would be lost.
  const note = mark.closest(".note");
  const [inside, around] = [mark.getBoundingClientRect(), note.getBoundingClientRect()];
  note.scrollTop += inside.top - around.top - note.clientHeight / 2;
  if (focus) mark.focus({ preventScroll: true });
}

function toCode(owner, show) {
  const row = document.querySelector(`[data-owner="${CSS.escape(owner)}"]`);
  if (!row) return;
  show(row.closest('[role="tabpanel"]').id);
  light(owner);
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function jump(show) {
  const here = document.activeElement;
  if (!current) light(document.querySelector("[data-owner]")?.dataset.owner ?? null);
  const spans = owned(current);
  const next = spans[spans.indexOf(here) + 1];
  if (next) reveal(next, true);
  else if (current) toCode(current, show);
}

function step(by) {
  const rows = [...document.querySelectorAll("[data-owner]")].filter((row) => row.offsetParent !== null);
  const here = rows.findIndex((row) => row.dataset.owner === current);
  const next = rows[Math.min(Math.max(here + by, 0), rows.length - 1)];
  if (!next) return;
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

export function startEvidence(show) {
  for (const row of document.querySelectorAll("[data-owner]")) {
    row.tabIndex = -1;
    const chosen = () => {
      if (current === row.dataset.owner) return;
      light(row.dataset.owner);
      const [first] = owned(row.dataset.owner);
      if (first) reveal(first, false);
    };
    row.addEventListener("focusin", chosen);
    row.addEventListener("click", chosen);
  }
  for (const mark of marks()) {
    const act = () => toCode(mark.dataset.owners.split(" ").find((owner) => owner !== "em") ?? "em", show);
    mark.addEventListener("click", act);
    mark.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); act(); }
    });
  }
  document.addEventListener("click", (event) => {
    const quote = event.target.closest("a.quote");
    const mark = quote && document.getElementById(quote.hash.slice(1));
    if (!mark) return;
    event.preventDefault();
    light(quote.closest("[data-owner]")?.dataset.owner ?? mark.dataset.owners.split(" ")[0]);
    reveal(mark, true);
  });
  onKey("e", () => jump(show));
  onKey("j", () => step(1));
  onKey("k", () => step(-1));
  onKey("i", () => document.querySelector(".row.on input:not([type=hidden])")?.select());
  onKey("Escape", () => light(null));
}
