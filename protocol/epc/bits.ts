import { Fault } from '../fault.ts';

/** Why bits of a known scheme are no EPC, or an identity has no such encoding. */
export type EpcFault =
  | 'EPC_EMPTY'
  | 'EPC_NOT_HEX'
  | 'EPC_ODD_DIGITS'
  | 'EPC_LENGTH'
  | 'EPC_PARTITION'
  | 'EPC_OVERFLOW'
  | 'EPC_RESERVED'
  | 'EPC_CHARACTER'
  | 'EPC_CHECK_DIGIT'
  | 'EPC_DATE'
  | 'EPC_AI'
  | 'EPC_UNENCODABLE';

/** @throws Fault always */
export function malformed(code: EpcFault, message: string): never {
  throw new Fault(code, message);
}

/** Bits that an integer of `digits` decimal digits needs (TDS table B): no more than ceil(digits x log2 10). */
export function bitsForDigits(digits: number): number {
  return digits === 0 ? 0 : (10n ** BigInt(digits) - 1n).toString(2).length;
}

/** Bits that a length indicator up to `max` needs (TDS table F). */
export function bitsForLength(max: number): number {
  return 32 - Math.clz32(max);
}

/** Reads fields from the left of an EPC, most significant bit first (TDS section 14.2). */
export class BitReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at = 0;

  /** `bits` may be fewer than the bytes hold: an EPC written to the nibble. */
  constructor(bytes: Uint8Array, bits = bytes.length * 8) {
    this.#bytes = bytes;
    this.#end = bits;
  }

  /** Bits read so far. */
  get at(): number {
    return this.#at;
  }

  /** Bits that are left. */
  get left(): number {
    return this.#end - this.#at;
  }

  /** The next `count` bits as an integer of any size. @throws Fault EPC_LENGTH */
  integer(count: number): bigint {
    if (count > this.left)
      malformed('EPC_LENGTH', `the EPC ends after ${this.#end} bits, inside a field that needs ${count - this.left} more`);
    let value = 0n;
    for (let left = count; left > 0; ) {
      const take = Math.min(32, left);
      value = (value << BigInt(take)) | BigInt(this.#take(take));
      left -= take;
    }
    return value;
  }

  /** The next `count` bits, at most 53, as a number. @throws Fault EPC_LENGTH */
  number(count: number): number {
    if (count <= 32 && count <= this.left) return this.#take(count);
    return Number(this.integer(count));
  }

  /** The next `count` bits, at most 32, without reading them. Bits beyond the end are zero. */
  peek(count: number): number {
    const at = this.#at;
    const value = this.#take(Math.min(count, this.left)) * 2 ** Math.max(0, count - (this.#end - at));
    this.#at = at;
    return value;
  }

  /** True when only zero bits are left: the fill to a word boundary or beyond. */
  restIsZero(): boolean {
    for (let at = this.#at; at < this.#end; at++) if (((this.#bytes[at >> 3] as number) >> (7 - (at & 7))) & 1) return false;
    return true;
  }

  #take(count: number): number {
    let value = 0;
    let left = count;
    while (left > 0) {
      const offset = this.#at & 7;
      const part = Math.min(8 - offset, left);
      value = value * (1 << part) + (((this.#bytes[this.#at >> 3] as number) >> (8 - offset - part)) & ((1 << part) - 1));
      this.#at += part;
      left -= part;
    }
    return value;
  }
}

/** Writes fields from the left; the mirror of BitReader. */
export class BitWriter {
  readonly #bits: number[] = [];

  /** Bits written so far. */
  get length(): number {
    return this.#bits.length;
  }

  /** @throws Fault EPC_UNENCODABLE when the value needs more bits */
  integer(value: bigint, count: number): void {
    if (value < 0n || value >> BigInt(count) !== 0n) malformed('EPC_UNENCODABLE', `${value} does not fit into ${count} bits`);
    for (let i = count - 1; i >= 0; i--) this.#bits.push(Number((value >> BigInt(i)) & 1n));
  }

  number(value: number, count: number): void {
    this.integer(BigInt(value), count);
  }

  append(other: BitWriter): void {
    this.#bits.push(...other.#bits);
  }

  /** Upper-case hexadecimal, filled with zeros to whole words of 16 bits as the tag's memory is (TDS section 15.1.1). */
  hex(): string {
    let out = '';
    for (let at = 0; at < this.#bits.length; at += 16) {
      let word = 0;
      for (let i = at; i < at + 16; i++) word = (word << 1) | (this.#bits[i] ?? 0);
      out += word.toString(16).toUpperCase().padStart(4, '0');
    }
    return out;
  }
}
