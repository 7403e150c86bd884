// Requests to our own server: the CSRF token goes in a header, answers are text or an error with words for people.
const csrf = document.querySelector('meta[name="csrf"]')?.content ?? "";

export async function send(url, body, { background = false, ...options } = {}) {
  const headers = { "x-csrf-token": csrf, "x-fragment": "1" };
  if (background) headers["x-background"] = "1";
  const answer = await fetch(url, { method: "POST", body, headers, credentials: "same-origin", ...options });
  if (answer.status === 401) location.assign("/signin");
  const text = await answer.text();
  if (!answer.ok) throw new Error(answer.headers.get("content-type")?.startsWith("text/plain") ? text : "The server could not do this; reload the page.");
  return text;
}

export function form(values) {
  const made = new FormData();
  for (const [name, value] of Object.entries(values)) made.set(name, value);
  return made;
}

// The server escapes everything in its fragments, as it does in its pages; a policy without inline script stands behind it.
export function place(target, html) {
  const made = new DOMParser().parseFromString(html, "text/html");
  target.replaceChildren(...made.body.childNodes);
}
