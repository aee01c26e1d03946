// Keys of the whole page. Letters are keys only where nothing is typed into; with Ctrl, Alt or Meta
// they are the browser's.

/** `doings` is what each key does: search, next, previous, leave, threads, help. */
export function listen(doings) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    if (document.querySelector("dialog[open]")) return; // the dialog has its own
    const done = typing(event.target) ? inField(event, doings) : onPage(event, doings);
    if (done) event.preventDefault();
  });
}

function inField(event, doings) {
  if (event.target.id !== "query") return false;
  if (event.key === "ArrowDown") return call(doings.next);
  if (event.key === "Escape") return call(doings.leave);
  return false;
}

function onPage(event, doings) {
  switch (event.key) {
    case "/":
      return call(doings.search);
    case "?":
      return call(doings.help);
    case "j":
      return call(doings.next);
    case "k":
      return call(doings.previous);
    case "ArrowDown":
      return onHit(event) && call(doings.next);
    case "ArrowUp":
      return onHit(event) && call(doings.previous);
    case "Escape":
      return call(doings.leave);
    case "t":
      return call(doings.threads);
    default:
      return false;
  }
}

function typing(target) {
  return target.matches?.("input:not([type=checkbox]), select, textarea");
}

/** Arrows scroll an open message, and walk through the list. */
function onHit(event) {
  return Boolean(event.target.closest?.("#hits"));
}

function call(doing) {
  doing();
  return true;
}
