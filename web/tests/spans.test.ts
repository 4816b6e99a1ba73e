import { describe, expect, test } from "vitest";
import { cover, cutBelow, has, holes, type Span } from "../src/spans.ts";

describe("which numbers are loaded", () => {
  test("runs that touch become one", () => {
    expect(cover([[1, 3]], 4, 6)).toEqual([[1, 6]]);
    expect(
      cover(
        [
          [1, 3],
          [10, 12],
        ],
        4,
        9,
      ),
    ).toEqual([[1, 12]]);
  });

  test("runs that stand apart stay apart, in order", () => {
    expect(cover([[10, 12]], 1, 3)).toEqual([
      [1, 3],
      [10, 12],
    ]);
  });

  test("an empty run adds nothing", () => {
    expect(cover([[1, 3]], 5, 4)).toEqual([[1, 3]]);
  });

  test("what is not loaded is a hole, at the beginning, between and at the end", () => {
    expect(
      holes(
        [
          [3, 4],
          [8, 9],
        ],
        12,
      ),
    ).toEqual([
      [1, 2],
      [5, 7],
      [10, 12],
    ]);
    expect(holes([], 3)).toEqual([[1, 3]]);
    expect(holes([[1, 3]], 3)).toEqual([]);
  });

  test("whatever is covered in whatever order, each number is in a run or in a hole, never in both", () => {
    let seed = 1;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let round = 0; round < 300; round++) {
      let spans: Span[] = [];
      const loaded = new Set<number>();
      for (let step = 0; step < 8; step++) {
        const from = 1 + random(40);
        const to = from + random(9) - 1;
        spans = cover(spans, from, to);
        for (let seq = from; seq <= to; seq++) loaded.add(seq);
      }
      const missing = new Set(
        holes(spans, 50).flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, at) => from + at)),
      );
      for (let seq = 1; seq <= 50; seq++) {
        expect(has(spans, seq)).toBe(loaded.has(seq));
        expect(missing.has(seq)).toBe(!loaded.has(seq));
      }
    }
  });

  test("a cut lets go what is below", () => {
    expect(
      cutBelow(
        [
          [1, 5],
          [8, 12],
        ],
        4,
      ),
    ).toEqual([
      [4, 5],
      [8, 12],
    ]);
    expect(
      cutBelow(
        [
          [1, 5],
          [8, 12],
        ],
        9,
      ),
    ).toEqual([[9, 12]]);
  });
});
