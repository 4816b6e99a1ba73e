/**
 * The words of the page, in each language. A key stands in every file (a test looks), so nothing is ever shown in the
 * wrong language because somebody forgot it. `{name}` is filled in; a word that counts has a form for each plural of
 * its language: `{"one": …, "other": …}`, chosen by `{n}`.
 */

import { signal } from "@preact/signals";
import en from "./en.json";
import zh from "./zh-CN.json";

export type Key = keyof typeof en;
type Words = Record<Key, string | Partial<Record<Intl.LDMLPluralRule, string>>>;

export const LANGUAGES = { en, "zh-CN": zh } satisfies Record<string, Words>;
export type Language = keyof typeof LANGUAGES;

export const language = signal<Language>("en");

/** The best of ours for what somebody prefers. */
export function languageFor(preferred: readonly string[]): Language {
  for (const tag of preferred) {
    const main = tag.toLowerCase().split("-")[0];
    if (main === "zh") return "zh-CN";
    if (main === "en") return "en";
  }
  return "en";
}

/** The word for `key` in the language of now. */
export function t(key: Key, fill: Readonly<Record<string, string | number>> = {}): string {
  const words: Words = LANGUAGES[language.value];
  const word = words[key];
  const text = typeof word === "string" ? word : pluralOf(word, Number(fill.n ?? 0));
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = fill[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? value.toLocaleString(language.value) : value;
  });
}

/** The word around something that is not text: what stands before and after `{name}`. */
export function around(key: Key, name: string, fill: Readonly<Record<string, string | number>> = {}): [string, string] {
  const [before = "", after = ""] = t(key, fill).split(`{${name}}`);
  return [before, after];
}

function pluralOf(forms: Partial<Record<Intl.LDMLPluralRule, string>>, n: number): string {
  return forms[new Intl.PluralRules(language.value).select(n)] ?? forms.other ?? "";
}
