// Filters by click: states that are always there, and what the answer counts: senders, folders,
// years, kinds of attachments. Each is an operator that a click writes into the query.

import { byId, element } from "./elements.js";
import { has, quoted } from "./narrowing.js";

const STATES = [
  ["Unread", "is:unread"],
  ["Flagged", "is:flagged"],
  ["Attachments", "has:attachment"],
];
const KINDS = {
  senders: ["Sender", (value) => `from:${quoted(value)}`],
  folders: ["Folder", (value) => `in:${quoted(value)}`],
  years: ["Year", (value) => `date:${quoted(String(value))}`],
  types: ["Attachment", (value) => `type:${quoted(value)}`],
};
const MOST = 8; // of each kind
const NAMES_OF_TYPES = [
  [/^application\/pdf$/, "PDF"],
  [/^image\/(.+)$/, "$1 image"],
  [/^audio\/(.+)$/, "$1 sound"],
  [/^video\/(.+)$/, "$1 film"],
  [/^text\/calendar$/, "calendar"],
  [/^message\/rfc822$/, "message"],
  [/^application\/(msword|.*wordprocessingml.*)$/, "Word"],
  [/^application\/(vnd\.ms-excel|.*spreadsheetml.*)$/, "Excel"],
  [/^application\/(vnd\.ms-powerpoint|.*presentationml.*)$/, "PowerPoint"],
  [/^(?:application|text)\/(?:x-)?(.+)$/, "$1"],
];

/** The kinds to ask the API for. */
export const ASKED = Object.keys(KINDS).join(",");

/** The filters for a query; `facets` is what its answer counted, {} where nothing is known. */
export function showFacets(query, facets, toggle) {
  const states = STATES.map(([name, clause]) => button(name, clause, null, query, toggle));
  replaceKept(byId("states"), states);
  const groups = Object.entries(KINDS).flatMap(([kind, [title, clauseOf]]) => {
    const entries = Array.isArray(facets[kind]) ? facets[kind].slice(0, MOST) : [];
    if (!entries.length) return [];
    const id = `facet-${kind}`;
    const items = entries.map((entry) => {
      const clause = clauseOf(entry.value);
      return element("li", {}, button(nameOf(kind, entry), clause, entry.count, query, toggle));
    });
    return [
      element("section", { "aria-labelledby": id }, element("h2", { id }, title), element("ul", {}, ...items)),
    ];
  });
  replaceKept(byId("facets"), groups);
}

function button(name, clause, number, query, toggle) {
  const pressed = has(query, clause);
  return element(
    "button",
    {
      type: "button",
      class: "filter",
      title: pressed ? `without ${clause}` : clause,
      "aria-pressed": String(pressed),
      "data-clause": clause,
      onclick: () => toggle(clause),
    },
    element("span", { class: "name" }, element("bdi", {}, name)),
    number === null ? null : element("span", { class: "number" }, number.toLocaleString()),
  );
}

function nameOf(kind, { name, value }) {
  if (kind !== "types") return name || String(value);
  const [pattern, shown] = NAMES_OF_TYPES.find(([each]) => each.test(value)) ?? [/^/, ""];
  return value.replace(pattern, shown);
}

/** New filters in the old ones' place; the focus stays on the same clause. */
function replaceKept(place, children) {
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset.clause : null;
  place.replaceChildren(...children);
  if (focused) {
    [...place.querySelectorAll("button")].find((each) => each.dataset.clause === focused)?.focus();
  }
}
