/** The few icons, drawn on a grid of 20 with one line width. They say nothing to a screen reader; their buttons do. */

import type { JSX } from "preact";

const PATHS = {
  back: "M12.5 4.5 7 10l5.5 5.5",
  close: "m5 5 10 10M15 5 5 15",
  search: "M9 3.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11ZM13 13l4 4",
  people:
    "M7.5 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2 16.5c.4-3 2.6-4.5 5.5-4.5s5.100 1.500 5.500 4.500M13.500 4a2.700 2.700 0 0 1 0 5.200M15.500 12.500c1.500.6 2.300 2 2.500 4",
  bell: "M10 3a4.500 4.500 0 0 1 4.500 4.500c0 4 1.500 5 1.500 6H4c0-1 1.500-2 1.500-6A4.500 4.500 0 0 1 10 3ZM8.500 16.500h3",
  "bell-off":
    "M6 5.500A4.500 4.500 0 0 1 14.500 7.500c0 2 .4 3.300.8 4.200M13 13.500H4c0-1 1.500-2 1.500-6M8.500 16.500h3M3 3l14 14",
  plus: "M10 4.500v11M4.500 10h11",
  settings: "M4 6.500h7M15 6.500h1M4 13.500h1M9 13.500h7M13 4.500v4M7 11.500v4",
  send: "M4 10h11M10.500 5 15.500 10l-5 5",
  reply: "M8 5 3.500 9.500 8 14M4 9.500h7.500a5 5 0 0 1 5 5V15",
  smile:
    "M10 2.800a7.200 7.200 0 1 1 0 14.400 7.200 7.200 0 0 1 0-14.400ZM7 11.500c.7 1.300 1.700 2 3 2s2.300-.7 3-2M7.500 7.800v.4M12.500 7.800v.4",
  edit: "m4 16 .8-3.200L13 4.500 15.500 7l-8.300 8.200L4 16ZM11.500 6 14 8.500",
  link: "M8.500 11.500a3 3 0 0 0 4.300 0l2.400-2.400a3 3 0 0 0-4.300-4.300l-1 1M11.500 8.500a3 3 0 0 0-4.300 0l-2.400 2.400a3 3 0 0 0 4.300 4.300l1-1",
  trash: "M4 5.500h12M8 5.500V4h4v1.500M5.500 5.500 6.200 16.500h7.600l.7-11M8.500 8.500v5M11.500 8.500v5",
  more: "M5 10h.01M10 10h.01M15 10h.01",
  down: "M10 4.500v11M5 10.500l5 5 5-5",
  hash: "M7.500 3.500 6 16.500M14 3.500l-1.500 13M3.500 7.500h13M3.500 12.500h13",
  clock: "M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14ZM10 6.500V10l2.500 1.500",
  keyboard: "M3 5.500h14v9H3ZM6 8.500h.01M8.700 8.500h.01M11.400 8.500h.01M14 8.500h.01M6.500 11.800h7",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** A button that is only an icon: it always has a name. */
export function IconButton({
  name,
  label,
  ...rest
}: { name: IconName; label: string } & JSX.IntrinsicElements["button"]): JSX.Element {
  return (
    <button type="button" aria-label={label} title={label} {...rest} class={`icon-button ${String(rest.class ?? "")}`}>
      <Icon name={name} />
    </button>
  );
}
