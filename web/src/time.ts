/** Times as people read them: local and absolute. Formatters are made once a language: making one costs more than using it. */

import { language } from "./i18n/index.ts";

type Style = "clock" | "day" | "day-and-year" | "full";

const STYLES: Record<Style, Intl.DateTimeFormatOptions> = {
  clock: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  day: { weekday: "long", month: "long", day: "numeric" },
  "day-and-year": { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  full: { dateStyle: "full", timeStyle: "medium" },
};
const made = new Map<string, Intl.DateTimeFormat>();

function format(time: number, style: Style): string {
  const name = `${language.value} ${style}`;
  let formatter = made.get(name);
  if (formatter === undefined) made.set(name, (formatter = new Intl.DateTimeFormat(language.value, STYLES[style])));
  return formatter.format(time);
}

export const clock = (time: number): string => format(time, "clock");
export const fullTime = (time: number): string => format(time, "full");
export const iso = (time: number): string => new Date(time).toISOString();

/** The day, with its year where that is not the year of `now`. */
export function day(time: number, now: number): string {
  const sameYear = new Date(time).getFullYear() === new Date(now).getFullYear();
  return format(time, sameYear ? "day" : "day-and-year");
}
