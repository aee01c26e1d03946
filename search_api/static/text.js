// Text of mail → nodes: marked words, links, quoted lines. The API counts characters as Unicode
// code points; JavaScript counts UTF-16 units, so a text is taken apart before it is cut.

import { element } from "./elements.js";

const LINK = /\b(?:https?:\/\/|mailto:)[^\s<>"“”«»\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]{1,2000}/giu;
const TRAILING = /[.,;:!?'’*_]+$/u;

/** The text with [start, end) marked, in code points. Marks that make no sense are left out. */
export function marked(text, marks = []) {
  const fragment = document.createDocumentFragment();
  const letters = [...(text ?? "")];
  let at = 0;
  for (const [start, end] of marks) {
    if (!(start >= at && end > start && end <= letters.length)) continue;
    fragment.append(letters.slice(at, start).join(""));
    fragment.append(element("mark", {}, letters.slice(start, end).join("")));
    at = end;
  }
  fragment.append(letters.slice(at).join(""));
  return fragment;
}

/** A code point's place in a text as JavaScript counts it. */
export function unitsBefore(text, points) {
  return [...text].slice(0, points).join("").length;
}

/** The text with its addresses as links: http, https and mailto, nothing else. */
export function linked(text) {
  const fragment = document.createDocumentFragment();
  let at = 0;
  for (const match of text.matchAll(LINK)) {
    const address = withoutTrail(match[0]);
    const target = safeTarget(address);
    if (target === null) continue;
    fragment.append(text.slice(at, match.index));
    fragment.append(
      // The visible text is the address itself: a link cannot say one thing and lead elsewhere.
      element("a", { href: target, rel: "noopener noreferrer", target: "_blank" }, address),
    );
    at = match.index + address.length;
  }
  fragment.append(text.slice(at));
  return fragment;
}

/** A message's text: links, and quoted lines set apart. */
export function body(text) {
  const fragment = document.createDocumentFragment();
  for (const [quoted, lines] of runs(text)) {
    fragment.append(quoted ? element("span", { class: "quoted" }, linked(lines)) : linked(lines));
  }
  return fragment;
}

/** Neighbouring lines that are quoted, or are not, together. */
function* runs(text) {
  let lines = [];
  let quoted = false;
  for (const line of text.split("\n")) {
    if (line.startsWith(">") !== quoted && lines.length) {
      yield [quoted, lines.join("\n") + (quoted ? "" : "\n")];
      lines = [];
    }
    quoted = line.startsWith(">");
    lines.push(line);
  }
  yield [quoted, lines.join("\n")];
}

/** Without the full stop of a sentence, and a closing bracket that was opened before the link. */
function withoutTrail(address) {
  let kept = address.replace(TRAILING, "");
  for (const [open, close] of ["()", "[]", "{}"]) {
    while (kept.endsWith(close) && kept.split(close).length > kept.split(open).length) {
      kept = kept.slice(0, -1).replace(TRAILING, "");
    }
  }
  return kept;
}

function safeTarget(address) {
  try {
    const url = new URL(address);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}
