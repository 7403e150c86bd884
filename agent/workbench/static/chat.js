// Chat beside the case: questions go to the server, answers are fragments of its pages.
import { onKey } from "./keys.js";
import { form, place, send } from "./send.js";

export function startChat(path) {
  const chat = document.getElementById("chat");
  const talk = document.getElementById("talk");
  const question = document.getElementById("question");
  const ask = document.getElementById("chat-form");
  const open = (on) => {
    document.body.classList.toggle("chatting", on);
    document.getElementById("chat-open")?.setAttribute("aria-expanded", String(on));
    if (on) question.focus();
  };
  const append = (kind) => {
    const made = document.createElement("div");
    made.className = kind;
    talk.append(made);
    return made;
  };
  ask.addEventListener("submit", async (event) => {
    event.preventDefault();
    const words = question.value.trim();
    if (!words) return;
    const said = append("said");
    said.textContent = words;
    const answer = append("answer");
    answer.textContent = "…";
    question.value = "";
    try {
      place(answer, await send(`${path}/chat`, form({ question: words })));
    } catch (error) {
      answer.textContent = error.message;
    }
    talk.scrollTop = said.offsetTop - talk.offsetTop;
  });
  question.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); ask.requestSubmit(); }
  });
  document.getElementById("chat-close").addEventListener("click", () => { open(false); document.getElementById("chat-open")?.focus(); });
  document.getElementById("chat-open")?.addEventListener("click", () => open(!document.body.classList.contains("chatting")));
  onKey("c", () => open(true));
}
