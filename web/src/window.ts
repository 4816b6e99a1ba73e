/**
 * Which rows of a long list are in the document: a run of at most MOST rows around what is read. Pure.
 *
 * The rows stand in the ordinary flow; none has a guessed height, so nothing jumps when a guess was wrong. When one
 * scrolls towards an end of the run, it moves on by STEP rows.
 */

export const MOST = 220;
export const AT_END = 120;
export const STEP = 60;

export interface Run {
  readonly start: number;
  readonly end: number;
}

/** The run at the end of the list. Its beginning moves in steps, so that most arrivals only add a row. */
export function endRun(length: number): Run {
  return { start: Math.max(0, Math.floor((length - AT_END) / STEP) * STEP), end: length };
}

/** The run around a row. */
export function runAround(index: number, length: number): Run {
  const start = Math.max(0, Math.min(index - STEP, length - AT_END));
  return { start, end: Math.min(length, start + MOST) };
}

/**
 * The run after the rows have changed: what was in the document stays.
 *
 * shown   keys that were in the document, in their order
 * at      the place of a key in the new rows, or undefined
 */
export function keptRun(shown: readonly string[], at: (key: string) => number | undefined, length: number): Run | null {
  for (const key of shown) {
    const start = at(key);
    if (start !== undefined) return { start, end: Math.min(length, start + MOST) };
  }
  return null;
}

/** One step up or down. */
export function moved(run: Run, direction: -1 | 1, length: number): Run {
  if (direction < 0) {
    const start = Math.max(0, run.start - STEP);
    return { start, end: Math.min(length, start + MOST) };
  }
  const end = Math.min(length, run.end + STEP);
  return { start: Math.max(0, end - MOST), end };
}
