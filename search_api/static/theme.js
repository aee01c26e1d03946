// Before the first paint: the colours that were chosen here, else those of the system. A classic
// script, since a module would run after the page has been painted in the wrong ones.
"use strict";
try {
  const chosen = localStorage.getItem("mailseek.colours");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.colours = chosen;
} catch {
  // Storage may be forbidden: the system's colours then.
}
