// The text of a query with an operator more or less. Filters work by writing into the search box,
// so that whoever clicks learns the language.

const QUOTES = ['""', "“”", "«»"]; // each closes with its own partner
const PHRASE = QUOTES.map(([open, close]) => `${open}[^${close}]*${close}`).join("|");
const TOKEN = new RegExp(`-?(?:[a-z_]+:)?(?:${PHRASE})|[^\\s"“«]+`, "giu");
const ALTERNATIVES = /(?:^|\s)X?OR(?:\s|$)/u;

/** A value as it stands behind a colon. */
export function quoted(value) {
  if (/^[\p{L}\p{N}_.@+$][\p{L}\p{N}_.@/*+$-]*$/u.test(value)) return value;
  const [open, close] = QUOTES.find(([one, other]) => !value.includes(one) && !value.includes(other)) ?? QUOTES[0];
  return `${open}${value.replaceAll(open, " ")}${close}`;
}

/** Whether the clause stands in the query as it would be written by a click. */
export function has(query, clause) {
  return tokens(query).includes(clause.toLowerCase());
}

/** The query with the clause, or without it where it was there. */
export function toggled(query, clause) {
  return has(query, clause) ? without(query, clause) : added(query, clause);
}

function added(query, clause) {
  const text = query.trim();
  if (!text || text === "*") return clause;
  // What stands side by side binds closer than OR: `a OR b clause` would mean `a OR (b clause)`.
  return ALTERNATIVES.test(text.replaceAll(new RegExp(PHRASE, "gu"), "…")) ? `(${text}) ${clause}` : `${text} ${clause}`;
}

function without(query, clause) {
  const kept = query.replaceAll(TOKEN, (token) => (token.toLowerCase() === clause.toLowerCase() ? "" : token));
  return kept.replaceAll(/\s{2,}/g, " ").trim().replace(/^\(([^()]*)\)$/, "$1");
}

function tokens(query) {
  return [...query.matchAll(TOKEN)].map(([token]) => token.toLowerCase());
}
