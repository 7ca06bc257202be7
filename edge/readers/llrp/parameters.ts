import { TV_BYTES } from './numbers.ts';

/**
 * Parameters, both directions. TLV: 6 reserved bits and a type of 10, a length of 16 bits with its header, the value. TV: bit 7 and a type of 7,
 * then a value whose length the standard fixes (LLRP 1.0.1 section 16.2).
 */

/** What a walk finds: the value is `bytes` from `at` to `end`. */
export interface Parameter {
  readonly type: number;
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly end: number;
}

const TLV_HEADER = 4;
/** TLV types have 10 bits; those below 128 are TV's. */
const TV_TYPES = 128;

/**
 * The parameters that stand in `bytes` from `at` to `end`, one after the other. An unknown TLV is handed out like any other: who does not know
 * it passes over it by its length. Ends early, with `rest` bytes left over, at a length that can't be or at a TV whose length nobody knows.
 */
export class ParameterWalk {
  type = 0;
  at = 0;
  end = 0;
  readonly bytes: Uint8Array;
  readonly #limit: number;
  #next: number;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.bytes = bytes;
    this.#next = at;
    this.#limit = Math.min(end, bytes.length);
  }

  /** Bytes behind the parameter of the last `next`. */
  get rest(): number {
    return this.#limit - this.#next;
  }

  /** Goes to the next parameter; false when there is none that can be read. */
  next(): boolean {
    const { bytes } = this;
    const from = this.#next;
    if (from >= this.#limit) return false;
    const first = bytes[from] as number;
    if (first & 0x80) {
      const type = first & 0x7f;
      const length = TV_BYTES[type] ?? 0;
      if (length === 0 || from + 1 + length > this.#limit) return false;
      this.type = type;
      this.at = from + 1;
      this.end = from + 1 + length;
    } else {
      if (from + TLV_HEADER > this.#limit) return false;
      const length = ((bytes[from + 2] as number) << 8) | (bytes[from + 3] as number);
      if (length < TLV_HEADER || from + length > this.#limit) return false;
      this.type = ((first & 3) << 8) | (bytes[from + 1] as number);
      this.at = from + TLV_HEADER;
      this.end = from + length;
    }
    this.#next = this.end;
    return true;
  }
}

/** All parameters from `at` to `end` that can be read, as a list: for what comes seldom. */
export function parameters(bytes: Uint8Array, at: number, end: number): Parameter[] {
  const found: Parameter[] = [];
  const walk = new ParameterWalk(bytes, at, end);
  while (walk.next()) found.push({ type: walk.type, bytes, at: walk.at, end: walk.end });
  return found;
}

/** Bytes of one value after the other; a `Part` is a byte or bytes. */
export type Part = number | Uint8Array | readonly Part[];

export const be16 = (value: number): Part => [(value >> 8) & 0xff, value & 0xff];
export const be32 = (value: number): Part => [be16(Math.floor(value / 0x10000)), be16(value % 0x10000)];
/** Non-negative integers up to 2^53. */
export const be64 = (value: number): Part => [be32(Math.floor(value / 0x100000000)), be32(value % 0x100000000)];

/** UTF-8 with its count of bytes in front (LLRP 1.0.1 section 16.1, `u8v`). */
export function text(value: string): Part {
  const bytes = new TextEncoder().encode(value);
  return [be16(bytes.length), bytes];
}

function flatten(parts: readonly Part[], out: number[]): number[] {
  for (const part of parts) {
    if (typeof part === 'number') out.push(part & 0xff);
    else if (part instanceof Uint8Array) for (const byte of part) out.push(byte);
    else flatten(part, out);
  }
  return out;
}

/** A TLV parameter. */
export function tlv(type: number, ...parts: readonly Part[]): Part {
  if (type < TV_TYPES) throw new RangeError(`parameter ${type} is a TV`);
  const value = flatten(parts, []);
  return [be16(type), be16(value.length + TLV_HEADER), Uint8Array.from(value)];
}

/** A TV parameter; its value must have the length that the standard fixes. */
export function tv(type: number, ...parts: readonly Part[]): Part {
  const value = flatten(parts, []);
  if (value.length !== TV_BYTES[type]) throw new RangeError(`parameter ${type} does not have ${value.length} bytes`);
  return [0x80 | type, Uint8Array.from(value)];
}

/** A custom parameter of a vendor. */
export function custom(vendor: number, subtype: number, ...parts: readonly Part[]): Part {
  return tlv(1_023, be32(vendor), be32(subtype), ...parts);
}

/** A whole message, version 1 (LLRP 1.0.1), which a reader of 1.1 speaks too until both agree on another. */
export function message(type: number, id: number, ...parts: readonly Part[]): Uint8Array {
  const data = flatten(parts, []);
  return Uint8Array.from(flatten([be16((1 << 10) | type), be32(data.length + 10), be32(id), Uint8Array.from(data)], []));
}
