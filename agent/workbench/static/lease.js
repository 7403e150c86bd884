// Whoever opens a waiting case takes it in hand, keeps it while the page is open, and gives it back on leaving.
import { place, send } from "./send.js";

const AGAIN = 120_000;

export function startLease(path, page) {
  if (page.dataset.lease === undefined) return;
  const shown = document.getElementById("lease");
  const take = async (background) => {
    try {
      place(shown, await send(`${path}/lease`, null, { background }));
    } catch (error) {
      shown.textContent = error.message;
    }
  };
  take(false);
  setInterval(() => take(true), AGAIN); // by itself: it does not keep a session alive that nobody uses
  let leaving = false;
  document.addEventListener("submit", () => { leaving = true; });
  addEventListener("pagehide", () => { if (!leaving) send(`${path}/release`, null, { keepalive: true }).catch(() => {}); });
}
