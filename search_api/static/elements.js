// Elements from values. Whatever came with a mail gets into the page here, as text and never as
// markup: nothing on this page uses innerHTML, and the policy of the page forbids it as well.

const SVG = "http://www.w3.org/2000/svg";
const PATHS = {
  clip: "M13.5 7.5 8 13a3.2 3.2 0 0 1-4.5-4.5l6-6a2.1 2.1 0 0 1 3 3L6.8 11.2a1 1 0 0 1-1.5-1.5L10 5",
  star: "M8 1.8l1.9 4 4.3.5-3.2 3 .9 4.3L8 11.4l-3.9 2.2.9-4.3-3.2-3 4.3-.5z",
  reply: "M6.5 3.5 2.5 7.5l4 4M3 7.5h6a4.5 4.5 0 0 1 4.5 4.5v1",
  draft: "M3 13l.7-3.2L10.8 2.7l2.5 2.5-7.1 7.1z",
  back: "M9.5 3 4.5 8l5 5",
};

/**
 * An element with attributes and children. A child is an element, or a text of any origin.
 * Properties that begin with "on" are listeners; null and false are left out.
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === false || value === undefined) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

/** One of the few drawings, with what it says to those who do not see it; "" is an ornament. */
export function icon(name, label = "") {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("class", `icon ${name === "star" ? "flagged" : name}`);
  drawing.setAttribute("viewBox", "0 0 16 16");
  drawing.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  drawing.append(path);
  if (!label) return drawing;
  return element("span", { title: label }, drawing, element("span", { class: "unseen" }, `${label} `));
}

/** By its id; everything that is looked for stands in index.html. */
export function byId(id) {
  return document.getElementById(id);
}

/** "1 message", "1,234 messages". */
export function counted(number, one, many = `${one}s`) {
  return `${number.toLocaleString()} ${number === 1 ? one : many}`;
}

/** Octets for people. */
export function size(octets) {
  if (octets < 1000) return `${octets} B`;
  if (octets < 1_000_000) return `${Math.round(octets / 1000)} kB`;
  return `${(octets / 1_000_000).toFixed(1)} MB`;
}
