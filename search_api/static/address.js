// What the page shows, as its address: back and forward go through searches and open messages.

const REST = 250; // ms
let timer; // of what is put into the address soon
let waiting = null; // that state

const ORDERS = ["date", "relevance", "sender", "subject", "size"];

/** {q, sort, threads, id} of an address; what cannot be is left at its default. */
export function read(search = location.search) {
  const given = new URLSearchParams(search);
  const id = given.get("id") ?? "";
  const sort = given.get("sort") ?? "date";
  return {
    q: (given.get("q") ?? "").slice(0, 2000),
    sort: ORDERS.includes(sort) ? sort : "date",
    threads: given.get("threads") === "1",
    id: /^[1-9]\d{0,15}$/.test(id) ? Number(id) : null,
  };
}

/** The address of a state; defaults are left out. */
export function written({ q, sort, threads, id }) {
  const parts = new URLSearchParams();
  if (q) parts.set("q", q);
  if (sort !== "date") parts.set("sort", sort);
  if (threads) parts.set("threads", "1");
  if (id) parts.set("id", String(id));
  const text = parts.toString();
  return text ? `/?${text}` : "/";
}

/** Put a state into the address bar: a step of its own to go back from, or in place of the last. */
export function show(state, { step, marks = {} }) {
  if (waiting) put(waiting, {}); // before there is a step behind it
  put(state, { step, marks });
}

/** The same in place of the last, once typing rests: browsers allow some calls a second and no more. */
export function showSoon(state) {
  forget();
  waiting = state;
  timer = setTimeout(() => put(state, {}), REST);
}

/** Leave the address as it is, whatever was to be put there soon. */
export function forget() {
  clearTimeout(timer);
  waiting = null;
}

// A page that is left or loaded anew keeps what was typed last.
addEventListener("pagehide", () => waiting && put(waiting, {}));

function put(state, { step = false, marks = {} }) {
  forget();
  const address = written(state);
  try {
    if (step && address !== location.pathname + location.search) history.pushState(marks, "", address);
    else history.replaceState({ ...history.state, ...marks }, "", address);
  } catch {
    // Too many calls for this browser: the address is behind, the search is not.
  }
  document.title = state.q ? `${state.q} · mailseek` : "mailseek";
}
