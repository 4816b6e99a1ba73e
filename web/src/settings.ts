/** What somebody chose on this device, kept in the browser. A value that is not one of the choices is the usual one. */

export const THEMES = ["system", "light", "dark"] as const;
export const DENSITIES = ["comfortable", "compact"] as const;
export const LANGUAGES = ["system", "en", "zh-CN"] as const;
export const LOUDNESSES = ["all", "mentions", "nothing"] as const;

export type Loudness = (typeof LOUDNESSES)[number];

export interface Settings {
  readonly theme: (typeof THEMES)[number];
  readonly density: (typeof DENSITIES)[number];
  readonly language: (typeof LANGUAGES)[number];
  readonly sound: boolean;
  readonly desktop: boolean;
  /** Which rooms may make themselves heard; a room that is not here: see `loudnessOf`. */
  readonly loudness: Readonly<Record<string, Loudness>>;
}

export const usual: Settings = {
  theme: "system",
  density: "comfortable",
  language: "system",
  sound: false,
  desktop: false,
  loudness: {},
};

/** What was kept, as far as it makes sense. */
export function settingsFrom(kept: unknown): Settings {
  const found: Record<string, unknown> = typeof kept === "object" && kept !== null ? { ...kept } : {};
  const one = <T extends string>(choices: readonly T[], value: unknown, otherwise: T): T =>
    choices.find((choice) => choice === value) ?? otherwise;
  const loudness: Record<string, Loudness> = {};
  for (const [room, value] of Object.entries(found.loudness ?? {})) loudness[room] = one(LOUDNESSES, value, "mentions");
  return {
    theme: one(THEMES, found.theme, usual.theme),
    density: one(DENSITIES, found.density, usual.density),
    language: one(LANGUAGES, found.language, usual.language),
    sound: found.sound === true,
    desktop: found.desktop === true,
    loudness,
  };
}

/** How loud a room is: a conversation of two always, a room when somebody means you. */
export function loudnessOf(settings: Settings, room: string): Loudness {
  return settings.loudness[room] ?? (room.startsWith("@") ? "all" : "mentions");
}
