/**
 * Where a scrolled list stands, and how it keeps standing there when its rows change. The rules are web.md's contract;
 * what is measured here is the DOM, what is decided is small enough to read.
 *
 * The browser's own scroll anchoring is off (`overflow-anchor: none`): two hands on one list would pull it apart.
 */

export const NEAR_END_PX = 100;
export const NEAR_END_TOUCH_PX = 40;

/** Rows on screen and where each stood, best first: after a render, the first that is still there keeps its place. */
export type Anchor = readonly { readonly key: string; readonly seq: number; readonly top: number }[];

export function isNearEnd(scroller: HTMLElement, isTouch: boolean): boolean {
  const below = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
  return below <= (isTouch ? NEAR_END_TOUCH_PX : NEAR_END_PX);
}

export function goToEnd(scroller: HTMLElement): void {
  scroller.scrollTop = scroller.scrollHeight;
}

/** The messages on screen, from the top. Other rows come and go with what is loaded, so they hold nothing. */
export function anchorOf(scroller: HTMLElement, rows: readonly HTMLElement[]): Anchor {
  const top = scroller.scrollTop;
  const bottom = top + scroller.clientHeight;
  const found: { key: string; seq: number; top: number }[] = [];
  for (let at = firstBelow(rows, top); at < rows.length; at++) {
    const row = rows[at]!;
    if (row.offsetTop >= bottom) break;
    if (row.dataset.seq !== undefined)
      found.push({ key: row.dataset.key!, seq: Number(row.dataset.seq), top: row.offsetTop - top });
  }
  return found;
}

/** Scroll so that what stood somewhere stands there again. */
export function restore(scroller: HTMLElement, rows: readonly HTMLElement[], anchor: Anchor): void {
  const byKey = new Map(rows.map((row) => [row.dataset.key, row]));
  for (const { key, top } of anchor) {
    const row = byKey.get(key);
    if (row === undefined) continue;
    const wanted = row.offsetTop - top;
    if (Math.abs(scroller.scrollTop - wanted) >= 1) scroller.scrollTop = wanted;
    return;
  }
}

/** The first row that ends below this height. Rows stand in order, so half of them can be left out at each look. */
function firstBelow(rows: readonly HTMLElement[], height: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = rows[middle]!;
    if (row.offsetTop + row.offsetHeight <= height) low = middle + 1;
    else high = middle;
  }
  return low;
}
