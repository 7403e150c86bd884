// Loaded by every page: the key help, and the parts a page has.
import { startKeys, showHelp } from "./keys.js";
import { startList } from "./list.js";
import { startCase } from "./case.js";

document.getElementById("help-open")?.addEventListener("click", showHelp);
startKeys();
if (document.querySelector("[data-list]")) startList();
if (document.querySelector("[data-case]")) startCase();
