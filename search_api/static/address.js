// What the page shows, as its address: back and forward go through searches and open messages.

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
  const address = written(state);
  if (step && address !== location.pathname + location.search) history.pushState(marks, "", address);
  else history.replaceState({ ...history.state, ...marks }, "", address);
  document.title = state.q ? `${state.q} · mailseek` : "mailseek";
}
