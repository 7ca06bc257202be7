/** The objects of a PDF (ISO 32000-1 section 7.3). Dictionaries are Maps: a key called `__proto__` is a name like any other. */
export type PdfObject = null | boolean | number | PdfName | PdfText | PdfRef | PdfStream | PdfDict | readonly PdfObject[];
export type PdfDict = ReadonlyMap<string, PdfObject>;

export class PdfName {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** A reference to an object by its number; the generation says nothing that its place does not. */
export class PdfRef {
  readonly number: number;
  constructor(number: number) {
    this.number = number;
  }
}

export class PdfStream {
  readonly dict: PdfDict;
  /** As they stand in the file, filters not undone. */
  readonly contents: Uint8Array;
  constructor(dict: PdfDict, contents: Uint8Array) {
    this.dict = dict;
    this.contents = contents;
  }
}

export class PdfText {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** A text string (section 7.9.2.2): UTF-16 or UTF-8 by its mark, else PDFDocEncoding, which file names need the Latin-1 part of. */
  decoded(): string {
    const [a, b, c] = this.bytes;
    if (a === 0xfe && b === 0xff) return new TextDecoder('utf-16be').decode(this.bytes);
    if (a === 0xff && b === 0xfe) return new TextDecoder('utf-16le').decode(this.bytes);
    if (a === 0xef && b === 0xbb && c === 0xbf) return new TextDecoder().decode(this.bytes);
    return new TextDecoder('latin1').decode(this.bytes);
  }
}

export const isDict = (object: PdfObject | undefined): object is PdfDict => object instanceof Map;
export const isArray = (object: PdfObject | undefined): object is readonly PdfObject[] => Array.isArray(object);

/** Arrays and dictionaries in each other: what leads to an attachment is 4 deep; every level is a call. */
const MAX_DEPTH = 64;

const SPACE = new Set([0x00, 0x09, 0x0a, 0x0c, 0x0d, 0x20]);
const DELIMITER = new Set([...'()<>[]{}/%'].map((char) => char.charCodeAt(0)));
const ESCAPED: Readonly<Record<string, number>> = { n: 0x0a, r: 0x0d, t: 0x09, b: 0x08, f: 0x0c };

/** Values in one object, and bytes of one string: a name tree of thousands of files has tens of thousands of values. */
const MAX_VALUES = 200_000;
const MAX_TEXT_BYTES = 100_000;

/** Reads objects from bytes. Throws a RangeError for anything that is none: the caller decides what a damaged object means. */
export class PdfReader {
  readonly #bytes: Uint8Array;
  #at: number;
  #values = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#at = 0;
  }

  /** Bytes that were gone over. */
  get position(): number {
    return this.#at;
  }

  object(depth = 0): PdfObject {
    if (depth > MAX_DEPTH) throw new RangeError(`objects nested deeper than ${MAX_DEPTH} levels`);
    if (++this.#values > MAX_VALUES) throw new RangeError(`more than ${MAX_VALUES} values in one object`);
    this.#skipSpace();
    const byte = this.#bytes[this.#at];
    if (byte === 0x2f) return new PdfName(this.#name());
    if (byte === 0x28) return new PdfText(this.#literal());
    if (byte === 0x5b) return this.#array(depth);
    if (byte !== 0x3c) return this.#word();
    return this.#bytes[this.#at + 1] === 0x3c ? this.#dictOrStream(depth) : new PdfText(this.#hex());
  }

  #skipSpace(): void {
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte === 0x25) this.#skipComment();
      else if (byte !== undefined && SPACE.has(byte)) this.#at++;
      else return;
    }
  }

  #skipComment(): void {
    for (let byte = this.#bytes[this.#at]; byte !== undefined && byte !== 0x0a && byte !== 0x0d; byte = this.#bytes[this.#at]) this.#at++;
  }

  #regular(): string {
    const from = this.#at;
    for (let byte = this.#bytes[this.#at]; byte !== undefined && !SPACE.has(byte) && !DELIMITER.has(byte); byte = this.#bytes[this.#at])
      this.#at++;
    // No keyword, number or name that matters is longer; the rest of a longer one is passed over.
    return String.fromCharCode(...this.#bytes.subarray(from, Math.min(this.#at, from + 256)));
  }

  #name(): string {
    this.#at++;
    return this.#regular().replace(/#([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  }

  /** A keyword, a number, or a reference, which is two numbers and an R. */
  #word(): PdfObject {
    const word = this.#regular();
    if (word === 'true' || word === 'false') return word === 'true';
    if (word === 'null') return null;
    if (!/^[+-]?(\d+\.?\d*|\.\d+)$/.test(word)) throw new RangeError(`"${word.slice(0, 20)}" is no object`);
    if (!/^\d{1,10}$/.test(word)) return Number(word);
    const after = this.#at;
    this.#skipSpace();
    if (/^\d{1,5}$/.test(this.#regular())) {
      this.#skipSpace();
      if (this.#regular() === 'R') return new PdfRef(Number(word));
    }
    this.#at = after;
    return Number(word);
  }

  #literal(): Uint8Array {
    const out: number[] = [];
    let depth = 0;
    for (this.#at++; this.#at < this.#bytes.length; ) {
      const byte = this.#bytes[this.#at++] ?? 0;
      if (out.length > MAX_TEXT_BYTES) break;
      if (byte === 0x5c) out.push(...this.#escape());
      else if (byte === 0x29 && depth-- === 0) return Uint8Array.from(out);
      else {
        if (byte === 0x28) depth++;
        out.push(byte);
      }
    }
    throw new RangeError('a string without end');
  }

  /** What follows a backslash: a letter, one to three octal digits, a line end that counts for nothing, or the character itself. */
  #escape(): readonly number[] {
    const octal = /^[0-7]{1,3}/.exec(String.fromCharCode(...this.#bytes.subarray(this.#at, this.#at + 3)))?.[0];
    if (octal !== undefined) {
      this.#at += octal.length;
      return [Number.parseInt(octal, 8) & 0xff];
    }
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) return [];
    if (byte === 0x0d && this.#bytes[this.#at] === 0x0a) this.#at++;
    if (byte === 0x0d || byte === 0x0a) return [];
    return [ESCAPED[String.fromCharCode(byte)] ?? byte];
  }

  #hex(): Uint8Array {
    const end = this.#bytes.indexOf(0x3e, this.#at);
    if (end < 0 || end - this.#at > 2 * MAX_TEXT_BYTES) throw new RangeError('a hexadecimal string without end');
    const bytes = hexBytes(this.#bytes.subarray(this.#at + 1, end));
    this.#at = end + 1;
    return bytes;
  }

  #array(depth: number): PdfObject[] {
    const list: PdfObject[] = [];
    this.#at++;
    for (;;) {
      this.#skipSpace();
      if (this.#bytes[this.#at] === 0x5d) break;
      list.push(this.object(depth + 1));
    }
    this.#at++;
    return list;
  }

  #dictOrStream(depth: number): PdfDict | PdfStream {
    const dict = new Map<string, PdfObject>();
    this.#at += 2;
    for (;;) {
      this.#skipSpace();
      if (this.#bytes[this.#at] === 0x3e) break;
      if (this.#bytes[this.#at] !== 0x2f) throw new RangeError('a dictionary whose key is no name');
      dict.set(this.#name(), this.object(depth + 1));
    }
    this.#at += 2;
    if (depth > 0) return dict;
    this.#skipSpace();
    if (this.#regular() !== 'stream') return dict;
    if (this.#bytes[this.#at] === 0x0d) this.#at++;
    if (this.#bytes[this.#at] === 0x0a) this.#at++;
    return new PdfStream(dict, this.#contents(dict.get('Length')));
  }

  /** A stream's bytes by its length, or, where that stands elsewhere or is wrong, up to the last `endstream`. */
  #contents(length: PdfObject | undefined): Uint8Array {
    const from = this.#at;
    if (typeof length === 'number' && length >= 0 && from + length <= this.#bytes.length) {
      this.#at = from + length;
      this.#skipSpace();
      if (this.#regular() === 'endstream') return this.#bytes.subarray(from, from + length);
    }
    const end = lastIndexOf(this.#bytes, 'endstream', from);
    this.#at = this.#bytes.length;
    if (end < 0) throw new RangeError('a stream without end');
    return this.#bytes.subarray(from, end);
  }
}

/** Whether a word of ASCII stands at an offset. */
export function standsAt(bytes: Uint8Array, at: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word.charCodeAt(i)) return false;
  return true;
}

/** Where a word of ASCII stands last at or behind `from`; -1 for nowhere. */
function lastIndexOf(bytes: Uint8Array, word: string, from: number): number {
  for (let at = bytes.length - word.length; at >= from; at--) if (standsAt(bytes, at, word)) return at;
  return -1;
}

/** Bytes of hexadecimal digits; blanks are passed over and an odd last digit stands for itself and a zero. */
export function hexBytes(digits: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.ceil(digits.length / 2));
  let count = 0;
  for (const byte of digits) {
    const value = Number.parseInt(String.fromCharCode(byte), 16);
    if (Number.isNaN(value)) continue;
    out[count >> 1] = (out[count >> 1] ?? 0) | (count % 2 === 0 ? value << 4 : value);
    count++;
  }
  return out.subarray(0, (count + 1) >> 1);
}
