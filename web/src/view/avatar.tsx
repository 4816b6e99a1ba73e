/** A person as a small round sign: the first letter of the name on a quiet ground whose hue is the person's own. */

import type { JSX } from "preact";
import type { Person } from "../protocol.ts";

const GOLDEN_ANGLE = 137.508; // ids that follow one another get hues far apart

export function Avatar({ person }: { person: Person }): JSX.Element {
  const hue = Math.round((person.id * GOLDEN_ANGLE) % 360);
  const letter = person.chosen ? [...person.name][0]!.toLocaleUpperCase() : "·";
  return (
    <span class="avatar" aria-hidden="true" style={{ "--hue": hue }} data-kind={person.kind}>
      {letter}
    </span>
  );
}
