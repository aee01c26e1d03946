// The operators in a few words each, for completions and for the list behind `?`.

/** Operator → what it finds. Names that mean the same stand behind the first in OTHERS. */
export const OPERATORS = {
  from: "who sent it",
  to: "the To header",
  cc: "the Cc header",
  bcc: "the Bcc header, in mail that you sent",
  recipient: "To, Cc or Bcc",
  with: "anybody: sender or recipient",
  subject: "words of the subject",
  body: "words of the text",
  quoted: "words of what is quoted",
  filename: "an attachment's name",
  has: "has:attachment, has:keyword",
  type: "an attachment's type: pdf, image/*",
  in: "a folder: in:inbox",
  is: "a state: is:unread, is:flagged",
  keyword: "a keyword (tag)",
  list: "a mailing list",
  date: "a day, month, year or range",
  after: "from this date on",
  before: "before this date",
  older_than: "older than 2w, 3m, 1y",
  newer_than: "newer than 2w, 3m, 1y",
  received: "when it arrived",
  larger: "larger than 5M",
  smaller: "smaller than 10k",
  size: "a range: size:1M..5M",
  account: "one account's mail",
  thread: "whole threads: thread:{from:ann}",
  query: "a saved search",
  header: "another header field: header:X-Mailer=mutt",
  deliveredto: "the address it was delivered to",
  id: "by its Message-ID",
  ref: "messages that refer to it",
  related: "it, and messages that refer to it",
};

const OTHERS = {
  file: "filename", attachment: "filename", recip: "recipient", contact: "with",
  folder: "in", label: "in", mailbox: "in", since: "after", on: "date", sent: "date", during: "date",
  mid: "id", rfc822msgid: "id", mime: "type", filetype: "type",
};

/** Besides operators; for the list behind `?`. */
export const WORDS = {
  "invoice march": "both words, in any form",
  '"quarterly report"': "the words side by side",
  "cats OR dogs": "one of them",
  "-draft": "without it",
  "meet*": "words that begin like this",
};

/** In a few words, "" for what is no operator. */
export function explained(name) {
  return OPERATORS[OTHERS[name] ?? name] ?? "";
}

/** The operator that a query ends with, where its value is being typed; else "". */
export function typedLast(query) {
  return /(?:^|[\s({])-?([a-z_]+):(?:[^\s"(){}]*|"[^"]*)$/iu.exec(query)?.[1].toLowerCase() ?? "";
}

const OF_WORDS = "from|to|cc|bcc|recipient|with|subject|body|filename";
const BEGUN = new RegExp(`(?:^|[\\s(])(?:(?:${OF_WORDS}):)?[\\p{L}\\p{N}]{2,}$`, "iu");

/**
 * The query with its last word as the beginning of a word, "" where it ends with something else.
 * A word that is being typed is seldom whole.
 */
export function begun(query) {
  return BEGUN.test(query) && !/(?:^|\s)(?:AND|X?OR|NOT)$/.test(query) ? `${query}*` : "";
}
