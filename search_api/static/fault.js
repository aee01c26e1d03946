// What is wrong with a query: a pointer below its characters, the message, the cure.

import { byId, element } from "./elements.js";

/** Show a problem of the query that stands in the box. */
export function showFault(problem, query) {
  const input = byId("query");
  const letters = [...query];
  const at = Math.min(problem.position ?? letters.length, letters.length);
  const pointer = byId("fault").querySelector(".pointer");
  pointer.hidden = problem.position === null;
  pointer.querySelector(".before").textContent = letters.slice(0, at).join("");
  pointer.querySelector(".piece").textContent = letters.slice(at, at + problem.length).join("");
  follow();
  byId("fault-message").replaceChildren(
    problem.message,
    problem.hint ? element("span", { class: "hint" }, problem.hint) : "",
  );
  byId("fault").hidden = false;
  input.setAttribute("aria-invalid", "true");
}

/** The query is all right again. */
export function clearFault() {
  byId("fault").hidden = true;
  byId("fault-message").replaceChildren();
  byId("query").removeAttribute("aria-invalid");
}

/** Keep the pointer below its characters where a long query scrolls within the box. */
export function follow() {
  const { scrollLeft } = byId("query");
  byId("fault").querySelector(".pointer > div").style.transform = `translateX(${-scrollLeft}px)`;
}
