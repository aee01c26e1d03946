// Dates for people, in the zone and the language of their browser.

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const longAgo = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });

/** As a list shows it: "5 min ago" today, "yesterday", "12 Mar" this year, else with the year. */
export function brief(text, now = new Date()) {
  const date = new Date(text);
  const minutes = Math.round((now - date) / 60_000);
  if (sameDay(date, now) && minutes >= 0) {
    return minutes < 60 ? relative.format(-minutes, "minute") : relative.format(-Math.floor(minutes / 60), "hour");
  }
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (sameDay(date, yesterday)) return `${relative.format(-1, "day")} ${clock.format(date)}`;
  return (date.getFullYear() === now.getFullYear() ? day : longAgo).format(date);
}

/** With weekday, day and time. */
export function full(text) {
  return whole.format(new Date(text));
}

function sameDay(one, other) {
  return one.toDateString() === other.toDateString();
}
