/** The sign of the house: a bowl of tea with its steam. */

import type { JSX } from "preact";

export function Cup(): JSX.Element {
  return (
    <svg class="cup" viewBox="0 0 48 48" aria-hidden="true" focusable="false">
      <path class="steam" d="M18 15c-2.500-3 2.500-4.500 0-8M26 15c-2.500-3 2.500-4.500 0-8" />
      <path class="bowl" d="M7 21h34c0 9.500-6 17-17 17S7 30.500 7 21Z" />
      <path class="foot" d="M18 41.500h12" />
    </svg>
  );
}
