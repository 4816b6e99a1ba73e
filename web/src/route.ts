/**
 * Addresses: `/r/lobby` is a room, `/r/lobby/1234` a message in it. The path is the whole truth about what is on
 * screen, so that a link, a reload and the back button all lead to the same place. Pure.
 */

export interface Place {
  readonly room: string;
  readonly seq: number | null;
}

export function placeOf(path: string): Place | null {
  const found = /^\/r\/([^/]+)(?:\/([1-9][0-9]{0,15}))?\/?$/.exec(path);
  if (found === null) return null;
  try {
    return { room: decodeURIComponent(found[1]!), seq: found[2] === undefined ? null : Number(found[2]) };
  } catch {
    return null; // not UTF-8
  }
}

export function pathOf(room: string, seq: number | null = null): string {
  // `@` and `+` of a direct room may stand in a path as they are (RFC 3986 §3.3).
  const name = encodeURIComponent(room).replaceAll("%40", "@").replaceAll("%2B", "+");
  return seq === null ? `/r/${name}` : `/r/${name}/${seq}`;
}
