// Without a token nothing is told: then the page is this form alone.

import * as api from "./api.js";
import { byId } from "./elements.js";

/** Ask for a token; `signedIn()` is called once the API takes it. */
export function listenForToken(signedIn) {
  byId("token-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = byId("token").value.trim();
    const fault = byId("token-fault");
    fault.textContent = "";
    if (!/^[\x21-\x7e]+$/.test(text)) {
      fault.textContent = "A token has no blanks and no accents.";
      return;
    }
    api.keepToken(text);
    try {
      await api.search({ q: "", limit: 1 });
    } catch (error) {
      api.keepToken(null);
      fault.textContent = error.status === 401 ? "mailseek does not know this token, or it has expired." : error.message;
      byId("token").select();
      return;
    }
    byId("token").value = "";
    shown(false);
    signedIn();
  });
}

/** The page as it is without a token. */
export function signedOut() {
  api.keepToken(null);
  shown(true);
  byId("token").focus();
}

/** Whether there is something to sign out of. */
export function showSignOut() {
  byId("sign-out").hidden = api.token() === null;
}

function shown(isForm) {
  byId("signing-in").hidden = !isForm;
  byId("desk").hidden = isForm;
  byId("search").hidden = isForm;
  byId("show-status").hidden = isForm;
  showSignOut();
}
