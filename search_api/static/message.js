// The open message: headers, attachments, text, and the thread that it belongs to. Its HTML part
// was turned into text when it was indexed; no markup of a mail ever gets here.

import * as api from "./api.js";
import { brief, full } from "./dates.js";
import { byId, element, icon, size } from "./elements.js";
import { body } from "./text.js";

const LONGEST = 200_000; // characters that are shown at once
const MOST_RECIPIENTS = 12;

/** The pane with one message. */
export class MessagePane {
  /** `addressOf(id)`: where a message opens; `opened(id)`: opens it; `closed()`: closes this one. */
  constructor(addressOf, opened, closed) {
    this.pane = byId("message");
    this.addressOf = addressOf;
    this.opened = opened;
    this.closed = closed;
    this.id = null;
  }

  /** Show a message; `focus` says whether the reader is taken there. */
  async open(id, { focus }) {
    this.asking?.abort();
    const asking = new AbortController();
    this.asking = asking;
    this.id = id;
    this.pane.setAttribute("aria-busy", "true");
    this.pane.hidden = false;
    document.body.dataset.reading = "";
    try {
      const message = await api.message(id, asking.signal);
      if (asking.signal.aborted) return;
      this.show(message);
      if (focus) this.pane.focus({ preventScroll: true });
      const thread = await api.thread(message.thread_id, asking.signal);
      if (!asking.signal.aborted) this.showThread(thread.messages ?? [], id);
    } catch (error) {
      if (asking.signal.aborted) return;
      if (error.status === 401) throw error;
      if (this.pane.dataset.shown !== String(id)) this.fail(error);
    } finally {
      if (!asking.signal.aborted) this.pane.setAttribute("aria-busy", "false");
    }
  }

  close() {
    this.asking?.abort();
    this.id = null;
    this.pane.hidden = true;
    this.pane.replaceChildren();
    delete this.pane.dataset.shown;
    delete document.body.dataset.reading;
  }

  show(message) {
    const title = element("h2", { dir: "auto" }, message.subject || "(no subject)");
    this.pane.replaceChildren(
      element("div", { class: "head" }, title, this.closing()),
      fields(message),
      moreFields(message),
      message.notes.length ? element("p", { class: "notes" }, `Not all of it can be found: ${message.notes.join("; ")}.`) : "",
      attachments(message),
      text(message.text ?? ""),
    );
    this.pane.setAttribute("aria-label", `Message: ${message.subject || "no subject"}`);
    this.pane.dataset.shown = String(message.id);
    this.pane.scrollTop = 0;
    if (matchMedia("(width < 68rem)").matches) scrollTo(0, 0);
  }

  fail(error) {
    const said = error.status === 404 ? "This message is not there any more." : error.message;
    this.pane.replaceChildren(
      element("div", { class: "head" }, element("h2", {}, "Message"), this.closing()),
      element("p", { class: "problem", role: "alert" }, said, error.hint ? ` ${error.hint}` : ""),
    );
    delete this.pane.dataset.shown;
  }

  closing() {
    const label = "Back to the results (Esc)";
    return element(
      "button",
      { type: "button", class: "plain", id: "close-message", "aria-label": label, title: label, onclick: () => this.closed() },
      icon("back"), " Back",
    );
  }

  showThread(messages, id) {
    if (messages.length < 2) return;
    const items = messages.map((each) => {
      const here = each.id === id;
      const link = element(
        "a",
        {
          href: this.addressOf(each.id),
          "aria-current": here ? "true" : null,
          class: unread(each) ? "unread" : null,
          onclick: (event) => {
            if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
            event.preventDefault();
            if (!here) this.opened(each.id);
          },
        },
        element("span", { dir: "auto" }, names(each)),
        element("span", { class: "piece", dir: "auto" }, (each.snippet ?? each.text ?? "").slice(0, 160)),
        element("time", { datetime: each.date, title: full(each.date) }, brief(each.date)),
      );
      return element("li", {}, link);
    });
    const thread = element(
      "nav",
      { class: "thread", "aria-labelledby": "thread-title" },
      element("h3", { id: "thread-title" }, `Thread of ${messages.length} messages`),
      element("ol", {}, ...items),
    );
    this.pane.querySelector(".thread")?.remove();
    this.pane.append(thread);
  }
}

function names(message) {
  return message.from_names || message.from.map((each) => each.replace(/\s*<[^<>]*>$/, "")).join(", ");
}

function unread(message) {
  const flags = message.flags ?? message.placements?.flatMap((each) => each.flags) ?? ["\\Seen"];
  return !flags.some((flag) => flag.toLowerCase() === "\\seen");
}

function fields(message) {
  const places = [...new Set(message.placements.map((each) => each.folder))];
  const flags = [...new Set(message.placements.flatMap((each) => each.flags))];
  return element(
    "dl",
    { class: "fields" },
    ...[
      ["From", people(message.from)],
      ["To", people(message.to)],
      ["Cc", people(message.cc)],
      ["Date", element("time", { datetime: message.date }, full(message.date))],
      ["Folder", places.map((name) => element("span", { class: "tag", dir: "auto", title: name }, name))],
      ["Flags", flags.map((flag) => flag.replace(/^\\/, "")).join(", ")],
    ]
      .filter(([, value]) => value !== "" && value?.length !== 0)
      .map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))),
  );
}

function people(addresses) {
  const shown = addresses.slice(0, MOST_RECIPIENTS).flatMap((each, at) => [at ? ", " : "", element("bdi", {}, each)]);
  const left = addresses.length - MOST_RECIPIENTS;
  return left > 0 ? [...shown, ` and ${left} more`] : shown;
}

function moreFields(message) {
  const rows = [
    ["Message-ID", message.message_id ? [message.message_id] : []],
    ...Object.entries(message.headers ?? {}),
    ["Account", [message.account]],
    ["Size", [size(message.size)]],
    ["Kind", message.kinds ?? []],
  ].filter(([, values]) => values.length);
  return element(
    "details",
    {},
    element("summary", {}, "More headers"),
    element(
      "dl",
      {},
      ...rows.map(([name, values]) =>
        element("div", {}, element("dt", {}, name), ...values.map((value) => element("dd", { dir: "auto" }, value))),
      ),
    ),
  );
}

function attachments(message) {
  if (!message.attachments.length) return "";
  const items = message.attachments.map((each, at) => {
    const name = each.name || `attachment ${at + 1}`;
    const button = element(
      "button",
      { type: "button", title: `Save ${name} (${each.type})`, onclick: () => save(button, message.id, at, name) },
      icon("clip"),
      element("bdi", {}, name),
      element("span", { class: "size" }, size(each.size)),
    );
    return element("li", {}, button, element("span", { role: "alert", class: "size" }));
  });
  return element("ul", { class: "attachments", "aria-label": "Attachments" }, ...items);
}

/** Fetched with the token, then handed to the browser as a file: it is never shown here. */
async function save(button, id, number, name) {
  const said = button.nextElementSibling;
  said.textContent = "";
  button.setAttribute("aria-busy", "true");
  try {
    const address = URL.createObjectURL(await api.attachment(id, number));
    element("a", { href: address, download: name.replaceAll(/[/\\\u0000-\u001f\u202a-\u202e\u2066-\u2069]/g, "_") }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  } catch (error) {
    said.textContent = ` ${error.message}`;
  } finally {
    button.removeAttribute("aria-busy");
  }
}

function text(whole) {
  const place = element("div", { class: "body", dir: "auto" });
  if (!whole.trim()) place.append(element("span", { class: "none" }, "No text."));
  else place.append(body(whole.slice(0, LONGEST)));
  if (whole.length > LONGEST) {
    const rest = element("button", { type: "button", class: "more", onclick: () => rest.replaceWith(body(whole.slice(LONGEST))) }, "Show the rest");
    place.append(rest);
  }
  return place;
}
