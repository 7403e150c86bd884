// The case page: tabs, evidence both ways, editing with findings as you type, code search, chat, the lease.
import { onKey } from "./keys.js";
import { startTabs } from "./tabs.js";
import { startEvidence } from "./evidence.js";
import { startEditing } from "./editing.js";
import { startSearch } from "./search.js";
import { startChat } from "./chat.js";
import { startLease } from "./lease.js";

export function startCase() {
  const page = document.querySelector("[data-case]");
  const path = `/case/${page.dataset.case}`;
  const show = startTabs();
  startEvidence(show);
  const editor = startEditing(path, show);
  startSearch(path, editor);
  startChat(path);
  startLease(path, page);
  onKey("a", () => { show("coding"); document.getElementById("approve")?.focus(); });
  onKey("r", () => { show("coding"); document.getElementById("reason")?.focus(); });
}
