// The button for the colours: those of the system, light, dark. See theme.js for the first paint.

import { byId } from "./elements.js";

const NAMES = { system: "◐", light: "☀", dark: "☾" };
const NEXT = { system: "light", light: "dark", dark: "system" };

/** Each click is the next of the three; the choice is kept in this browser. */
export function listenForColours() {
  const button = byId("theme");
  const root = document.documentElement;
  const show = () => {
    const now = root.dataset.colours ?? "system";
    button.textContent = NAMES[now];
    button.title = `Colours: ${now}`;
    button.setAttribute("aria-label", `Colours: ${now}`);
  };
  button.addEventListener("click", () => {
    const next = NEXT[root.dataset.colours ?? "system"];
    if (next === "system") delete root.dataset.colours;
    else root.dataset.colours = next;
    try {
      localStorage.setItem("mailseek.colours", next);
    } catch {
      // Until the page is closed, then.
    }
    show();
  });
  show();
}
