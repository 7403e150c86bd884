// Editing: every change is previewed on the server (codes, findings, money); nothing real changes before it is saved.
import { place, send } from "./send.js";

const WAIT = 220;

export function startEditing(path, show) {
  const form = document.getElementById("coding-form");
  const save = document.getElementById("save");
  const approve = document.getElementById("approve");
  const state = document.getElementById("preview-state");
  const mayApprove = approve && !approve.disabled;
  const said = () => JSON.stringify([...new FormData(form)].filter(([name]) => /^(dx|line)_/.test(name)));
  const before = said();
  let waiting = 0;
  let running = null;

  async function preview() {
    running?.abort();
    running = new AbortController();
    state.textContent = "checking …";
    try {
      const made = JSON.parse(await send(`${path}/preview`, new FormData(form), { signal: running.signal }));
      if (made.findings) place(document.getElementById("findings"), made.findings);
      if (made.total) document.getElementById("total").textContent = made.total;
      state.textContent = made.said;
    } catch (error) {
      if (error.name !== "AbortError") state.textContent = error.message;
    }
  }

  function changed() {
    const dirty = said() !== before;
    if (save) save.disabled = !dirty;
    if (approve) approve.disabled = dirty || !mayApprove;
    for (const input of form.querySelectorAll(".row input")) {
      const row = input.closest(".row");
      row.classList.toggle("changed", [...row.querySelectorAll("input")].some((one) => one.value !== one.defaultValue || one.disabled));
    }
    clearTimeout(waiting);
    waiting = setTimeout(preview, WAIT);
  }

  form.addEventListener("input", (event) => { if (event.target.name !== "reason") changed(); });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input")) event.preventDefault();
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move], [data-remove]");
    if (!button) return;
    const row = button.closest(".row");
    if (button.dataset.move) move(row, Number(button.dataset.move));
    else toggle(row, button);
    button.focus();
    changed();
  });
  form.addEventListener("submit", (event) => {
    const reason = document.getElementById("reason");
    const action = event.submitter?.getAttribute("formaction") ?? form.getAttribute("action");
    const needs = /\/(amend|reject|override)$/.test(action);
    if (needs && !reason.value.trim()) {
      event.preventDefault();
      reason.focus();
      state.textContent = "Write the reason first.";
    }
  });
  citeSelection(form, changed);
  const added = (code, system, words) => { add(code, system, words); changed(); };
  for (const button of document.querySelectorAll("[data-add]")) {
    button.addEventListener("click", () => { show("coding"); added(button.dataset.add, button.dataset.system, button.dataset.words); });
  }
  return { add: added };
}

// Words selected in the note go into the evidence field a person was in last.
function citeSelection(form, changed) {
  let field = null;
  form.addEventListener("focusin", (event) => { if (event.target.matches("input")) field = event.target.name.endsWith("_quote") ? event.target : null; });
  document.querySelector(".note").addEventListener("mouseup", () => {
    const words = String(document.getSelection()).trim();
    if (!field || !words) return;
    field.value = words;
    field.focus();
    changed();
  });
}

function move(row, by) {
  const other = by < 0 ? row.previousElementSibling : row.nextElementSibling;
  if (other) by < 0 ? other.before(row) : other.after(row);
}

function toggle(row, button) {
  const off = !row.classList.contains("removed");
  row.classList.toggle("removed", off);
  for (const input of row.querySelectorAll("input")) input.disabled = off;
  button.textContent = off ? "↺" : "✕";
  button.title = off ? "Keep" : "Remove";
}

function add(code, system, words = "") {
  const kind = system === "icd10cm" ? "dx" : "line";
  const list = document.getElementById(`${kind}-rows`);
  list.querySelector(".empty")?.remove();
  const row = document.getElementById(`${kind}-template`).content.firstElementChild.cloneNode(true);
  const numbers = [...list.querySelectorAll(`[name=${kind}_from]`)].map((one) => Number(one.value));
  const number = String(Math.max(0, ...numbers) + 1);
  row.querySelector(".seq").textContent = number;
  row.querySelector(`[name=${kind}_from]`).value = number;
  row.querySelector(`[name=${kind}_code]`).value = code;
  row.querySelector(`[name=${kind}_quote]`).value = words;
  row.classList.add("changed");
  list.append(row);
  row.querySelector(".code").focus();
}

