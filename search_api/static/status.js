// What an answer does not cover, and how the accounts are.

import * as api from "./api.js";
import { brief, full } from "./dates.js";
import { byId, counted, element } from "./elements.js";

/** The line above the results: nothing where the index knows everything. */
export function showCoverage({ waiting = 0, failed = 0 } = {}) {
  const parts = [];
  if (waiting) parts.push(`${counted(waiting, "message")} not indexed yet`);
  if (failed) parts.push(`${counted(failed, "message")} could not be fetched`);
  const line = byId("coverage");
  line.textContent = parts.join(", ");
  line.hidden = !parts.length;
}

/** The dialog with a row for each account. */
export async function showStatus() {
  const body = byId("status-body");
  body.replaceChildren("Loading …");
  byId("status").showModal();
  try {
    const { accounts = [] } = await api.status();
    body.replaceChildren(accounts.length ? table(accounts) : "No account has been synchronised yet.");
  } catch (error) {
    const said = error.status === 403 ? "This token may search, but not see the status." : error.message;
    body.replaceChildren(element("p", { role: "alert" }, said));
  }
}

const NUMBERS = [
  ["Messages", "messages"],
  ["Indexed", "indexed"],
  ["Waiting", "waiting"],
  ["To fetch", "to_fetch"],
  ["Failed", "failed"],
];

function table(accounts) {
  const heads = ["Account", ...NUMBERS.map(([title]) => title), "Last sync"];
  const rows = accounts.map((account) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, element("bdi", {}, account.name), account.last_error ? element("div", {}, account.last_error) : null),
      ...NUMBERS.map(([, key]) => element("td", {}, (account[key] ?? 0).toLocaleString())),
      element("td", {}, when(account.last_sync)),
    ),
  );
  return element(
    "div",
    { class: "scrolling", tabindex: "0", role: "region", "aria-labelledby": "status-title" },
    element(
      "table",
      { class: "status-table" },
      element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)))),
      element("tbody", {}, ...rows),
    ),
  );
}

function when(text) {
  return text ? element("time", { datetime: text, title: full(text) }, brief(text)) : "never";
}
