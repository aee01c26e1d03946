// Completions below the search box: a list box that the box owns (ARIA combobox pattern). The arrow
// keys pick, Tab or Enter takes, Esc closes; nothing is ever taken unasked.

import { suggest } from "./api.js";
import { byId, element } from "./elements.js";
import { explained, typedLast } from "./operators.js";
import { unitsBefore } from "./text.js";

const PAUSE = 120; // ms: the hits come first
const MOST = 8;

/** Watches the search box; `taken(query)` is called with a completed query. */
export class Completing {
  constructor(taken) {
    this.input = byId("query");
    this.list = byId("completions");
    this.taken = taken;
    this.offers = [];
    this.picked = -1;
    this.input.addEventListener("input", () => this.later());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => this.close());
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // the box keeps the focus
      const item = event.target.closest("[role=option]");
      if (item) this.take(Number(item.dataset.at));
    });
  }

  get open() {
    return !this.list.hidden;
  }

  close() {
    clearTimeout(this.timer);
    this.asking?.abort();
    this.list.hidden = true;
    this.offers = [];
    this.picked = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), PAUSE);
  }

  async ask() {
    const query = this.input.value;
    this.asking?.abort();
    if (!query.trim() || this.input.selectionStart !== query.length) {
      this.close();
      return;
    }
    const asking = new AbortController();
    this.asking = asking;
    try {
      const offers = await suggest(query, asking.signal);
      if (!asking.signal.aborted && this.input.value === query && document.activeElement === this.input) {
        this.show(query, offers);
      }
    } catch {
      if (!asking.signal.aborted) this.close(); // completions are a help, no answer is none
    }
  }

  show(query, offers) {
    this.offers = offers
      .slice(0, MOST)
      .map(({ start, text, shown }) => ({ text, shown, query: query.slice(0, unitsBefore(query, start)) + text }))
      .filter((offer) => offer.query !== query);
    if (!this.offers.length) {
      this.close();
      return;
    }
    const operator = explained(typedLast(query));
    this.list.setAttribute("aria-label", operator ? `Completions: ${operator}` : "Completions");
    this.list.replaceChildren(...this.offers.map((offer, at) => this.item(offer, at)));
    this.list.hidden = false;
    this.picked = -1;
    this.input.setAttribute("aria-expanded", "true");
    this.input.removeAttribute("aria-activedescendant");
  }

  item({ text, shown }, at) {
    const name = /^-?([a-z_]+):$/i.exec(text)?.[1].toLowerCase();
    return element(
      "li",
      { role: "option", id: `completion-${at}`, "data-at": at, "aria-selected": "false" },
      element("span", { class: "text", dir: "auto" }, text),
      element("span", { class: "shown", dir: "auto" }, (name && explained(name)) || withoutAddress(shown)),
    );
  }

  key(event) {
    if (!this.open || event.isComposing) return;
    const { length } = this.offers;
    if (event.key === "ArrowDown") this.pick((this.picked + 1) % length);
    else if (event.key === "ArrowUp") this.pick((Math.max(this.picked, 0) + length - 1) % length);
    else if (event.key === "Escape") this.close();
    else if ((event.key === "Enter" || (event.key === "Tab" && !event.shiftKey)) && this.picked >= 0) this.take(this.picked);
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  pick(at) {
    this.list.children[this.picked]?.setAttribute("aria-selected", "false");
    this.picked = at;
    const item = this.list.children[at];
    item.setAttribute("aria-selected", "true");
    item.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", item.id);
  }

  take(at) {
    const { query } = this.offers[at];
    this.close();
    this.input.value = query.endsWith(":") ? query : `${query} `;
    this.input.setSelectionRange(this.input.value.length, this.input.value.length);
    this.input.scrollLeft = this.input.scrollWidth;
    if (query.endsWith(":")) this.later();
    this.taken(this.input.value);
  }
}

/** "Ann <ann@example.com>" → "Ann": the address stands in the completion. */
function withoutAddress(shown) {
  return (shown || "").replace(/\s*<[^<>]*>$/, "");
}
