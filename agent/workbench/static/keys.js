// One table of single-key commands; keys do nothing while a person types or a dialog is open.
const commands = new Map();

export function onKey(key, action) {
  commands.set(key, action);
}

export function showHelp() {
  document.getElementById("help").showModal();
}

function typing(target) {
  return target.matches("input:not([type=hidden]):not([readonly]), textarea, select");
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (typing(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const action = commands.get(event.key);
  if (!action) return;
  event.preventDefault();
  action(event);
}

export function startKeys() {
  onKey("?", showHelp);
  for (const element of document.querySelectorAll("[data-key]")) onKey(element.dataset.key, () => element.click());
  const search = document.querySelector("[data-search]");
  if (search) onKey("/", () => search.select());
  document.addEventListener("keydown", pressed);
}
