// The search page: what is typed, asked, shown and opened, joined together.

import * as api from "./api.js";
import * as address from "./address.js";
import { Completing } from "./completing.js";
import { byId, counted, element } from "./elements.js";
import { showFacets } from "./facets.js";
import { clearFault, follow, showFault } from "./fault.js";
import { listen } from "./keyboard.js";
import { MessagePane } from "./message.js";
import { toggled } from "./narrowing.js";
import { OPERATORS, WORDS } from "./operators.js";
import { Question } from "./question.js";
import { Results } from "./results.js";
import { listenForToken, showSignOut, signedOut } from "./signing_in.js";
import { showCoverage, showStatus } from "./status.js";
import { listenForColours } from "./toggle.js";

const EXAMPLES = ["is:unread", "has:attachment", "date:this_month", "larger:1M"];
const STILL = 1500; // ms without a key, after which a search is a step to go back to
const QUIET = 700; // ms before a screen reader is told the number of hits

const input = byId("query");
let state = address.read();
let lastTyped = -Infinity;
let facets = {};
let toFirst = false; // whether Enter was pressed before its hits were there
let listTop = 0; // where the list was scrolled to, while a message hides it

const addressOf = (id) => address.written({ ...state, id });
const results = new Results(addressOf, (id) => open(id));
const pane = new MessagePane(addressOf, (id) => open(id), () => leave());
const question = new Question({ page, counts, suggestions: showNothing, failed, waiting });
const nearEnd = new IntersectionObserver((seen) => {
  if (seen.some((each) => each.isIntersecting)) more();
}, { rootMargin: "600px" });
const completing = new Completing((q) => typed(q));

function ask({ typing = false } = {}) {
  byId("clear").hidden = !state.q;
  results.busy(true, !typing);
  question.ask(state, { typing });
}

/** Something else is looked for; a step in the history unless it goes on with what was typed. */
function change(changes, { typing = false, step = true } = {}) {
  state = { ...state, ...changes, id: null };
  if (pane.id !== null) pane.close();
  if (typing && !step) address.showSoon(state);
  else address.show(state, { step, marks: step ? { opened: false } : {} });
  ask({ typing });
}

function typed(q) {
  const now = performance.now();
  change({ q }, { typing: true, step: now - lastTyped > STILL });
  lastTyped = now;
}

function narrow(clause) {
  input.value = toggled(input.value, clause);
  change({ q: input.value });
}

function page(answer, { state: asked, whole }) {
  clearFault();
  results.show(answer.hits, asked.sort);
  const note = byId("note");
  note.hidden = whole;
  note.textContent = whole ? "" : `No message has exactly this: shown is ${answer.query}`;
  byId("more").hidden = !answer.more;
  watchEnd();
  showCoverage(answer.coverage);
  showNumber(asked, answer.hits.length, answer.total, answer.took_ms);
  byId("nothing").hidden = answer.hits.length > 0;
  if (!answer.hits.length) showNothing();
  showFacets(asked.q, answer.hits.length ? facets : {}, narrow);
  results.current(state.id);
  if (toFirst) results.focus(results.links()[0]);
  toFirst = false;
}

function counts(answer) {
  facets = answer.facets ?? {};
  showNumber(state, results.links().length, answer.total, null, state.threads);
  showFacets(state.q, facets, narrow);
}

function showNumber(asked, shown, total, took, isThreads = asked.threads) {
  const known = total ?? null;
  const number = known === null ? `${counted(shown, "message")} or more` : counted(known, "message");
  const said = isThreads && known === null ? `${counted(shown, "thread")} or more` : number;
  const title = byId("found-title");
  const time = took === null ? (title.querySelector("small")?.textContent ?? "") : ` in ${Math.max(1, Math.round(took))} ms`;
  title.replaceChildren(asked.q.trim() ? said : `Newest mail: ${said}`, element("small", {}, time));
  clearTimeout(showNumber.timer);
  showNumber.timer = setTimeout(() => {
    byId("live").textContent = `${said} found`;
  }, QUIET);
}

/** In the list's place; suggestions come a little later, where there are some. */
function showNothing(suggestions = []) {
  const empty = !state.q.trim();
  byId("nothing").replaceChildren(
    element("h2", {}, empty ? "There is no mail here yet" : suggestions.length ? "Nothing found. Did you mean" : "Nothing found"),
    empty ? element("p", {}, "mailseek sync fetches it; what is fetched shows up here by itself.") : "",
    element("ul", {}, ...(suggestions.length ? suggestions : empty ? [] : EXAMPLES).map(tryButton)),
  );
}

function tryButton(text) {
  const searched = () => {
    input.value = text;
    change({ q: text });
    input.focus();
  };
  return element("li", {}, element("button", { type: "button", class: "more", onclick: searched }, element("bdi", {}, text)));
}

function failed(error, asked) {
  toFirst = false;
  results.busy(false);
  if (error.status === 401) {
    signedOut();
  } else if (error.status === 400 && error.position !== null) {
    showFault(error, asked.q);
    if (!results.links().length) byId("found-title").textContent = "No results";
  } else {
    results.show([]);
    byId("more").hidden = true;
    byId("found-title").textContent = "No results";
    const wait = error.wait ? ` Try again in ${error.wait} s.` : "";
    byId("nothing").hidden = false;
    byId("nothing").replaceChildren(
      element("h2", { role: "alert" }, error.message),
      element("p", {}, `${error.hint}${wait}`),
      element("ul", {}, element("li", {}, element("button", { type: "button", class: "more", onclick: () => ask() }, "Try again"))),
    );
  }
}

function waiting(is) {
  byId("progress").hidden = !is;
}

async function more({ focus = false } = {}) {
  try {
    const found = await question.more(state);
    if (!found.length) return;
    results.append(found);
    byId("more").hidden = !question.page.more;
    watchEnd();
    if (focus) results.focus(results.links().at(-found.length));
  } catch (error) {
    if (error.name !== "AbortError") failed(error, state);
  }
}

/** Told anew whether the end is near: it may have been so all along. */
function watchEnd() {
  nearEnd.disconnect();
  nearEnd.observe(byId("more"));
}

/** Open a message: the list stays beside it, or gives way to it where there is no room. */
function open(id, { step = true, focus = true } = {}) {
  const isNew = state.id === null;
  lastTyped = -Infinity;
  if (isNew) listTop = scrollY;
  state = { ...state, id };
  if (step) address.show(state, { step: isNew, marks: { opened: true } });
  results.current(id);
  pane.open(id, { focus }).catch((error) => failed(error, state));
}

function close() {
  const { id } = state;
  state = { ...state, id: null };
  pane.close();
  results.current(null);
  scrollTo(0, listTop);
  results.focus(results.link(id));
}

/** Esc: out of the message, else back into the box. */
function leave() {
  if (state.id === null) {
    if (document.activeElement === input) results.focus(results.links()[0]);
    else input.focus();
  } else if (history.state?.opened) {
    history.back();
  } else {
    close();
    address.show(state, { step: false });
  }
}

async function walk(step) {
  if (step > 0 && !results.neighbour(1)) await more();
  const link = results.neighbour(step);
  if (!link) {
    if (step < 0 && state.id === null) input.focus();
    return;
  }
  results.focus(link);
  if (state.id !== null) open(Number(link.dataset.id), { focus: false });
}

/** What the address says, after back and forward. */
function restore() {
  const before = state;
  address.forget();
  state = address.read();
  input.value = state.q;
  byId("sort").value = state.sort;
  byId("threads").checked = state.threads;
  lastTyped = -Infinity;
  const isSame = ["q", "sort", "threads"].every((name) => before[name] === state[name]);
  if (!isSame) ask();
  if (state.id !== null) open(state.id, { step: false });
  else if (before.id !== null) {
    state = { ...state, id: before.id };
    close();
  }
  document.title = state.q ? `${state.q} · mailseek` : "mailseek";
}

function definitions(entries) {
  return entries.map(([name, said]) => element("div", {}, element("dt", {}, element("code", {}, name)), element("dd", {}, said)));
}

function begin() {
  input.value = state.q;
  byId("sort").value = state.sort;
  byId("threads").checked = state.threads;
  showFacets(state.q, {}, narrow);
  byId("operators").append(...definitions([...Object.entries(WORDS), ...Object.entries(OPERATORS).map(([name, said]) => [`${name}:`, said])]));
  showSignOut();
  address.show(state, { step: false });
  ask();
  if (state.id !== null) open(state.id, { step: false });
  // Where a keyboard comes up by itself, it would hide the mail.
  else if (!state.q && !matchMedia("(pointer: coarse)").matches) input.focus();
}

input.addEventListener("input", () => typed(input.value));
input.addEventListener("scroll", follow);
byId("search").addEventListener("submit", (event) => {
  event.preventDefault();
  completing.close();
  lastTyped = -Infinity;
  address.show(state, { step: false });
  toFirst = results.list.getAttribute("aria-busy") === "true";
  if (toFirst) ask();
  else results.focus(results.links()[0]);
});
byId("clear").addEventListener("click", () => {
  input.value = "";
  change({ q: "" });
  input.focus();
});
byId("sort").addEventListener("change", (event) => change({ sort: event.target.value }));
byId("threads").addEventListener("change", (event) => change({ threads: event.target.checked }));
byId("more").addEventListener("click", () => more({ focus: true }));
byId("show-facets").addEventListener("click", (event) => {
  const is = event.currentTarget.getAttribute("aria-expanded") === "true";
  event.currentTarget.setAttribute("aria-expanded", String(!is));
});
byId("show-status").addEventListener("click", showStatus);
byId("show-keys").addEventListener("click", () => byId("keys").showModal());
byId("sign-out").addEventListener("click", () => {
  question.end();
  pane.close();
  results.show([]);
  facets = {};
  state = { ...address.read("") };
  input.value = "";
  address.show(state, { step: false });
  signedOut();
});
addEventListener("popstate", restore);
listenForToken(begin);
listenForColours();
listen({
  search: () => {
    input.focus();
    input.select();
  },
  next: () => walk(1),
  previous: () => walk(-1),
  leave,
  threads: () => byId("threads").click(),
  help: () => byId("keys").showModal(),
});
begin();
