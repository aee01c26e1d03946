// The HTTP API: one function for each question. The token lives in this tab's session storage and
// goes out in a header, to this origin only.

const KEY = "mailseek.token";
let inMemory = null; // where storage is forbidden

/** What the API said no with (RFC 9457); `status` 0 is no answer at all. */
export class Problem extends Error {
  constructor(status, answer = {}, wait = null) {
    super(answer.detail || answer.title || `the server answered ${status}`);
    this.status = status;
    this.position = Number.isInteger(answer.position) ? answer.position : null;
    this.length = Number.isInteger(answer.length) ? answer.length : 1;
    this.hint = typeof answer.hint === "string" ? answer.hint : "";
    this.wait = wait;
  }
}

/** The token of this tab, or null. */
export function token() {
  try {
    return sessionStorage.getItem(KEY) ?? inMemory;
  } catch {
    return inMemory;
  }
}

/** Keep a token until the tab is closed; null forgets it. */
export function keepToken(text) {
  inMemory = text;
  try {
    if (text === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, text);
  } catch {
    // In memory, then.
  }
}

/** A page of hits; see GET /v1/search for the options. */
export function search(options, signal) {
  return answer("/v1/search", options, signal);
}

/** What a query could go on with. */
export async function suggest(q, signal) {
  const { suggestions = [] } = await answer("/v1/suggest", { q }, signal);
  return suggestions;
}

export function message(id, signal) {
  return answer(`/v1/messages/${id}`, {}, signal);
}

export function thread(id, signal) {
  return answer(`/v1/threads/${id}`, {}, signal);
}

export function status(signal) {
  return answer("/v1/status", {}, signal);
}

/** The octets of an attachment (the first is 0), without a type that a browser would want to show. */
export async function attachment(id, number) {
  const response = await send(`/v1/messages/${id}/attachments/${number}`);
  return new Blob([await response.arrayBuffer()], { type: "application/octet-stream" });
}

async function answer(path, options, signal) {
  const chosen = Object.entries(options).filter(([, value]) => value !== undefined && value !== "");
  const query = new URLSearchParams("q" in options ? [["q", options.q], ...chosen.filter(([name]) => name !== "q")] : chosen);
  const response = await send(chosen.length || "q" in options ? `${path}?${query}` : path, signal);
  return response.json();
}

async function send(path, signal) {
  const known = token();
  let response;
  try {
    response = await fetch(path, {
      headers: known ? { Authorization: `Bearer ${known}` } : {},
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { detail: "mailseek does not answer", hint: "is `mailseek serve` running?" });
  }
  if (response.ok) return response;
  throw new Problem(response.status, await said(response), response.headers.get("Retry-After"));
}

async function said(response) {
  try {
    return await response.json();
  } catch {
    return {};
  }
}
