// The list of hits: links, so that they open in other tabs too, walked with j and k.

import { brief, full } from "./dates.js";
import { byId, element, icon } from "./elements.js";
import { marked } from "./text.js";

const MOST_SHOWN = 3; // attachments and folders of a hit
const MOST_NAMES = 10; // recipients of a hit

/**
 * One hit as a list item; `address` is where its message opens. Of sent mail the sender is known:
 * it shows to whom it went, but where the list is sorted by sender.
 */
export function hitItem(hit, address, order = "date") {
  const flags = new Set(hit.flags.map((flag) => flag.toLowerCase()));
  const unread = !flags.has("\\seen");
  const marks = hit.highlights ?? {};
  const isSent = hit.sent && order !== "sender";
  const names = hit.from_names || hit.from.join(", ") || "(no sender)";
  const who = isSent ? `To: ${hit.to.slice(0, MOST_NAMES).map(nameOf).join(", ") || "(nobody)"}` : marked(names, marks.from);
  const link = element(
    "a",
    { class: unread ? "hit unread" : "hit", href: address, "data-id": hit.id },
    element(
      "span",
      { class: "who", title: isSent ? `To: ${hit.to.join(", ")}` : hit.from.join(", ") },
      unread ? element("span", { class: "unseen" }, "Unread. ") : null,
      isolated(who),
      hit.in_thread > 1 ? element("span", { class: "number", title: "messages of the thread that match" }, ` ${hit.in_thread}`) : null,
    ),
    element(
      "span",
      { class: "what" },
      isolated(hit.subject ? marked(hit.subject, marks.subject) : "(no subject)"),
    ),
    element(
      "span",
      { class: "when" },
      flags.has("\\answered") ? icon("reply", "Answered") : null,
      flags.has("\\draft") ? icon("draft", "Draft") : null,
      flags.has("\\flagged") ? icon("star", "Flagged") : null,
      hit.attachments.length ? icon("clip", `${hit.attachments.length} attached`) : null,
      element("time", { datetime: hit.date, title: full(hit.date) }, brief(hit.date)),
    ),
    element("span", { class: "piece" }, tags(hit), isolated(marked(hit.snippet, marks.snippet))),
  );
  return element("li", {}, link);
}

/** "Ann <ann@example.com>" → "Ann"; an address without a name stays. */
function nameOf(address) {
  return address.replace(/\s+<[^<>]*>$/, "");
}

function tags(hit) {
  const files = hit.attachments.map((each) => each.name || each.type);
  return [
    ...hit.folders.slice(0, MOST_SHOWN).map((name) => tag(name, "Folder")),
    ...files.slice(0, MOST_SHOWN).map((name) => tag(name, "Attached", icon("clip"))),
    files.length > MOST_SHOWN ? tag(`+${files.length - MOST_SHOWN}`, "More attached") : null,
  ];
}

function tag(name, kind, drawing = null) {
  return element(
    "span",
    { class: "tag", title: `${kind}: ${name}`, dir: "auto" },
    element("span", { class: "unseen" }, `${kind}: `),
    drawing,
    drawing ? " " : "",
    name,
    element("span", { class: "unseen" }, ". "),
  );
}

/** Text of a stranger keeps its direction to itself. */
function isolated(content) {
  return element("bdi", {}, content);
}

/** The list's own doings: filling, walking, which one is open. */
export class Results {
  /** `addressOf(id)` is where a message opens, `opened(id)` opens it here. */
  constructor(addressOf, opened) {
    this.list = byId("hits");
    this.addressOf = addressOf;
    this.list.addEventListener("click", (event) => {
      const link = event.target.closest("a.hit");
      if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
      event.preventDefault();
      opened(Number(link.dataset.id));
    });
  }

  /** Other hits; the one that had the focus keeps it where it is still there. */
  show(hits, order) {
    this.order = order;
    const focused = this.list.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    this.list.replaceChildren(...hits.map((hit) => hitItem(hit, this.addressOf(hit.id), this.order)));
    this.busy(false);
    if (focused) (this.link(focused) ?? this.links()[0])?.focus();
  }

  /** The hits of a further page. */
  append(hits) {
    this.list.append(...hits.map((hit) => hitItem(hit, this.addressOf(hit.id), this.order)));
  }

  /** Addresses anew, once the search has another. */
  readdress() {
    for (const link of this.links()) link.href = this.addressOf(Number(link.dataset.id));
  }

  busy(is, stale = false) {
    this.list.setAttribute("aria-busy", String(is));
    this.list.classList.toggle("stale", is && stale);
  }

  links() {
    return [...this.list.querySelectorAll("a.hit")];
  }

  link(id) {
    return this.list.querySelector(`a.hit[data-id="${Number(id)}"]`);
  }

  /** Show which message is open; null: none. */
  current(id) {
    for (const link of this.links()) {
      if (Number(link.dataset.id) === id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  /** The neighbour of the hit that has the focus or is open, in steps of 1 or -1; null at an end. */
  neighbour(step) {
    const links = this.links();
    let at = links.indexOf(document.activeElement?.closest?.("a.hit"));
    if (at < 0) at = links.findIndex((link) => link.getAttribute("aria-current"));
    if (at < 0) return links[0] ?? null;
    return links[at + step] ?? null;
  }

  /** Give the focus to a hit, below the header that stands still. */
  focus(link) {
    link?.focus({ preventScroll: true });
    link?.scrollIntoView({ block: "nearest" });
  }
}
