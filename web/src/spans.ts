/**
 * Which numbers of a room are loaded, as runs [from, to] in order, never touching one another.
 *
 * What lies between two runs, or before the first, is a hole: it is shown as a row, never hidden. Most numbers have no
 * row of their own (an edit, a reaction), so holes cannot be seen from the messages alone.
 */

export type Span = readonly [from: number, to: number];

/** The runs with from … to added; runs that overlap or touch become one. */
export function cover(spans: readonly Span[], from: number, to: number): Span[] {
  if (from > to) return [...spans];
  const apart: Span[] = [];
  let low = from;
  let high = to;
  for (const span of spans) {
    if (span[1] < low - 1 || span[0] > high + 1) {
      apart.push(span);
    } else {
      low = Math.min(low, span[0]);
      high = Math.max(high, span[1]);
    }
  }
  apart.push([low, high]);
  return apart.sort((a, b) => a[0] - b[0]);
}

/** The runs without everything below `from`. */
export function cutBelow(spans: readonly Span[], from: number): Span[] {
  return spans.filter((span) => span[1] >= from).map((span): Span => [Math.max(span[0], from), span[1]]);
}

/** Whether the number is loaded. */
export function has(spans: readonly Span[], seq: number): boolean {
  return spans.some((span) => span[0] <= seq && seq <= span[1]);
}

/** The runs of numbers 1 … head that are not loaded, in order. */
export function holes(spans: readonly Span[], head: number): Span[] {
  const found: Span[] = [];
  let next = 1;
  for (const [from, to] of spans) {
    if (from > next) found.push([next, from - 1]);
    next = to + 1;
  }
  if (next <= head) found.push([next, head]);
  return found;
}
