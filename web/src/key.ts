/**
 * Names for messages: UUIDs of version 7 (RFC 9562 §5.7), so that keys sort by the time when they were made. Two of
 * one millisecond count up in the 12 bits that follow the time, because the outbox sends in the order of its keys.
 *
 * `crypto.randomUUID` is not used: it is missing on plain http outside of localhost.
 */

let last = 0;
let count = 0;

export function newKey(now: number, random: (bytes: Uint8Array) => Uint8Array = fromCrypto): string {
  if (now > last) {
    last = now;
    count = 0;
  } else if (++count > 0xfff) {
    last += 1; // the clock stood still, or went back: stay above what was given
    count = 0;
  }
  const bytes = random(new Uint8Array(16));
  for (let at = 0; at < 6; at++) bytes[at] = Math.floor(last / 2 ** (8 * (5 - at))) & 0xff;
  bytes[6] = 0x70 | (count >> 8);
  bytes[7] = count & 0xff;
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function fromCrypto(bytes: Uint8Array): Uint8Array {
  crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>);
  return bytes;
}
