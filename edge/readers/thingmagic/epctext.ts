const DIGITS = new Uint8Array(512);
for (let byte = 0; byte < 256; byte++) {
  DIGITS[2 * byte] = '0123456789ABCDEF'.charCodeAt(byte >> 4);
  DIGITS[2 * byte + 1] = '0123456789ABCDEF'.charCodeAt(byte & 15);
}

/** A door sees each tag hundreds of times and a full trailer holds a few thousand: 2 ^ 14 texts take about 2 MB. */
const SLOTS = 1 << 14;
const EPC_96 = 12;

/**
 * EPC bytes to upper-case hexadecimal. Texts of 96-bit EPCs are kept in a table of fixed size with one place for each hash, so that
 * a tag seen again costs a comparison of three integers and allocates nothing.
 */
export class EpcText {
  readonly #keys = new Int32Array(3 * SLOTS);
  readonly #texts: (string | undefined)[] = new Array<string | undefined>(SLOTS).fill(undefined);

  /** The text of `length` bytes at `start`. */
  of(bytes: Uint8Array, start: number, length: number): string {
    if (length !== EPC_96) return text(bytes, start, length);
    const a = word(bytes, start);
    const b = word(bytes, start + 4);
    const c = word(bytes, start + 8);
    // The low word holds most of the serial; the odd multipliers spread consecutive ones over the table.
    const slot = (Math.imul(a, 0x85ebca6b) + Math.imul(b, 0xc2b2ae35) + Math.imul(c, 0x9e3779b1)) >>> 18;
    const key = 3 * slot;
    const keys = this.#keys;
    const known = this.#texts[slot];
    if (known !== undefined && keys[key] === a && keys[key + 1] === b && keys[key + 2] === c) return known;
    const made = text(bytes, start, length);
    keys[key] = a;
    keys[key + 1] = b;
    keys[key + 2] = c;
    this.#texts[slot] = made;
    return made;
  }
}

function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
}

/** One flat string: joining 12 pieces would make a rope that the first map lookup has to flatten. */
function text(bytes: Uint8Array, start: number, length: number): string {
  const codes = new Array<number>(2 * length);
  for (let i = 0; i < length; i++) {
    const byte = 2 * (bytes[start + i] as number);
    codes[2 * i] = DIGITS[byte] as number;
    codes[2 * i + 1] = DIGITS[byte + 1] as number;
  }
  return String.fromCharCode(...codes);
}
