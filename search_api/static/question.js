// One search at a time: what is typed waits a little, an older answer never overtakes a newer one.
// The hits come first; counts and facets, which are dearer, behind them.

import * as api from "./api.js";
import { ASKED } from "./facets.js";
import { begun } from "./operators.js";

const PAUSE = 25; // ms after a key, where the answer to the one before is still on its way
const FAULT_PAUSE = 600; // ms before what is being typed is called wrong
const FURTHER_PAUSE = 350; // ms after the hits, before more is asked: a word is seldom whole sooner
const LIMIT = 30;
const FIELDS = "id,date,from,from_names,to,sent,subject,folders,flags,attachments,snippet,highlights,in_thread";

/** Asks; `told` has the functions that take what comes: page, counts, suggestions, failed, waiting. */
export class Question {
  constructor(told) {
    this.told = told;
    this.page = null;
    this.isWaiting = false; // for hits, to what was typed before
  }

  /** Ask for the first page; `typing` while keys are pressed. */
  ask(state, { typing }) {
    this.stop();
    const asking = new AbortController();
    this.asking = asking;
    if (typing && this.isWaiting) this.timer = setTimeout(() => this.run(state, asking.signal, true), PAUSE);
    else this.run(state, asking.signal, typing);
  }

  stop() {
    clearTimeout(this.timer);
    this.asking?.abort();
    this.further = null;
  }

  /** Stop for good: nothing is waited for any more. */
  end() {
    this.stop();
    this.isWaiting = false;
    this.told.waiting(false);
  }

  async run(state, signal, typing) {
    this.isWaiting = true;
    const slow = setTimeout(() => this.told.waiting(true), 150);
    try {
      const { page, whole } = await firstPage(state, signal);
      if (signal.aborted) return;
      this.page = page;
      this.told.page(page, { state, whole });
      const further = page.hits.length ? () => this.count(page, signal) : () => this.suggest(page, signal);
      this.timer = setTimeout(further, page.hits.length || typing ? FURTHER_PAUSE : 0);
    } catch (error) {
      if (signal.aborted) return;
      const isQuiet = typing && error.status === 400;
      if (isQuiet) this.timer = setTimeout(() => this.told.failed(error, state), FAULT_PAUSE);
      else this.told.failed(error, state);
    } finally {
      clearTimeout(slow);
      if (!signal.aborted) {
        this.isWaiting = false;
        this.told.waiting(false);
      }
    }
  }

  async count(page, signal) {
    try {
      const counted = await api.search({ q: page.query, limit: 1, count: true, facets: ASKED }, signal);
      if (!signal.aborted) this.told.counts(counted);
    } catch {
      // The hits are there; that they are not counted is no error to show.
    }
  }

  /** Other words, where nothing has these: they take longer to find than that. */
  async suggest({ query }, signal) {
    try {
      const { suggestions = [] } = query.trim() ? await api.search({ q: query, limit: 1 }, signal) : {};
      if (!signal.aborted && suggestions.length) this.told.suggestions(suggestions);
    } catch {
      // A help, as the counts are.
    }
  }

  /** The hits behind the last page's; the same promise while it is on its way. */
  more(state) {
    const { page, asking } = this;
    if (!page?.more || !page.cursor) return Promise.resolve([]);
    this.further ??= api
      .search({ q: page.query, limit: LIMIT, fields: FIELDS, sort: state.sort, threads: state.threads || undefined, cursor: page.cursor }, asking.signal)
      .then((next) => {
        if (asking.signal.aborted) return [];
        this.page = { ...page, more: next.more, cursor: next.cursor };
        return next.hits;
      })
      .finally(() => {
        if (!asking.signal.aborted) this.further = null;
      });
    return this.further;
  }
}

/**
 * The first page. Where nothing has the last word, words that begin like it are looked for, and
 * `whole` is false: a word that is being typed is seldom whole.
 */
async function firstPage({ q, sort, threads }, signal) {
  const options = { limit: LIMIT, fields: FIELDS, sort, threads: threads || undefined, suggestions: false };
  const page = await api.search({ ...options, q }, signal);
  const beginning = begun(q);
  if (page.hits.length || !beginning) return { page, whole: true };
  try {
    const other = await api.search({ ...options, q: beginning }, signal);
    if (other.hits.length) return { page: other, whole: false };
  } catch (error) {
    if (error.name === "AbortError") throw error;
  }
  return { page, whole: true };
}
