import { Fault } from '../../../protocol/fault.ts';
import { decodedStream } from './filters.ts';
import { InflateBudget } from './inflate.ts';
import { isArray, isDict, type PdfDict, PdfName, type PdfObject, PdfReader, PdfRef, PdfStream, standsAt } from './objects.ts';

/** Objects that are read of one file: what leads to its attachments is a few dozen, in an archive of thousands of pages a few hundred. */
const MAX_OBJECTS = 5000;
/** Object numbers that a file's tables may name: an invoice has hundreds, a scanned one of many pages thousands. */
const MAX_NUMBERS = 100_000;
/** Bytes that may be parsed as tables and objects, each place as often as it is read: twice what a file may weigh. */
const MAX_PARSED_BYTES = 40_000_000;
/** The head of an object stream: 12 characters an object. */
const MAX_HEAD_BYTES = 1_000_000;
/** A trailer has ten entries. */
const MAX_TRAILER_BYTES = 65_536;
/** Updates that a file may have been saved with. */
const MAX_SECTIONS = 200;

/** Where an object stands: at an offset of the file, or as the nth of an object stream. */
type Place = { readonly offset: number } | { readonly stream: number; readonly index: number };

interface ObjectStream {
  readonly bytes: Uint8Array;
  readonly offsets: readonly number[];
}

const nameOf = (object: PdfObject | undefined): string => (object instanceof PdfName ? object.name : '');
const isSpace = (byte: number | undefined): boolean => byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d) || byte === 0;
const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;

/**
 * A PDF of which only what is asked for is read: its tables say where each object stands, and every stream is inflated under
 * one bound. Libraries load, and inflate, all of a file before anybody could stop them.
 */
export class PdfFile {
  readonly #bytes: Uint8Array;
  readonly #budget = new InflateBudget();
  readonly #places = new Map<number, Place>();
  readonly #loaded = new Map<number, PdfObject | undefined>();
  readonly #streams = new Map<number, ObjectStream>();
  /** Offsets in ascending order: an object ends where the next one begins, so that a damaged one is not searched to the file's end. */
  #offsets: readonly number[] = [];
  #parsed = 0;
  #root: PdfObject | undefined;
  #encrypted = false;

  /** @throws Fault PDF_NO_INVOICE for a file that is encrypted or has no catalog, LIMIT_SIZE */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    try {
      this.#readTables();
    } catch (error) {
      if ((error as { code?: string }).code === 'LIMIT_SIZE') throw error;
      this.#places.clear();
    }
    this.#sortOffsets();
    if (this.#dict(this.#root) === undefined) this.#rebuild();
    if (this.#encrypted) throw new Fault('PDF_NO_INVOICE', 'the PDF is encrypted: send it without a password, or its XML alone');
  }

  /** The document catalog. @throws Fault PDF_NO_INVOICE */
  catalog(): PdfDict {
    const catalog = this.#dict(this.#root);
    if (catalog === undefined) throw new Fault('PDF_NO_INVOICE', 'the PDF has no catalog, so it is damaged: print the invoice anew');
    return catalog;
  }

  /** The object behind a reference, or the object itself. @throws Fault LIMIT_SIZE */
  resolve(object: PdfObject | undefined): PdfObject | undefined {
    if (!(object instanceof PdfRef)) return object;
    const number = object.number;
    if (this.#loaded.has(number)) return this.#loaded.get(number);
    if (this.#loaded.size >= MAX_OBJECTS)
      throw new Fault('LIMIT_SIZE', `the PDF's attachments take more than ${MAX_OBJECTS} objects: send its XML alone`);
    // Set first: an object stream that names itself finds nothing.
    this.#loaded.set(number, undefined);
    const found = this.#load(number);
    this.#loaded.set(number, found);
    return found;
  }

  member(dict: PdfDict | undefined, key: string): PdfObject | undefined {
    return this.resolve(dict?.get(key));
  }

  /** The bytes of a stream. @throws Fault LIMIT_SIZE, PDF_NO_INVOICE */
  decoded(stream: PdfStream): Uint8Array {
    return decodedStream(stream, this.#budget);
  }

  #dict(object: PdfObject | undefined): PdfDict | undefined {
    const found = this.resolve(object);
    return isDict(found) ? found : undefined;
  }

  #load(number: number): PdfObject | undefined {
    const place = this.#places.get(number);
    if (place === undefined) return undefined;
    if ('stream' in place) return this.#inStream(place.stream, place.index);
    const read = this.#objectAt(place.offset);
    return read?.number === number ? read.object : undefined;
  }

  /** The object `n g obj` at an offset; undefined where there is none or it cannot be read. */
  #objectAt(offset: number): { readonly number: number; readonly object: PdfObject } | undefined {
    const head = /^\s*(\d{1,10})\s+\d{1,5}\s+obj/.exec(this.#ascii(offset, 40));
    if (head === null) return undefined;
    const object = this.#parse(this.#bytes.subarray(offset + head[0].length, this.#endOf(offset)));
    return object === undefined ? undefined : { number: Number(head[1]), object };
  }

  #endOf(offset: number): number {
    let [low, high] = [0, this.#offsets.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#offsets[middle] ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return this.#offsets[low] ?? this.#bytes.length;
  }

  #count(bytes: number): void {
    this.#parsed += bytes;
    if (this.#parsed > MAX_PARSED_BYTES)
      throw new Fault('LIMIT_SIZE', 'the PDF makes its reader go over it again and again: send its XML alone');
  }

  #parse(bytes: Uint8Array): PdfObject | undefined {
    const reader = new PdfReader(bytes);
    let object: PdfObject | undefined;
    try {
      object = reader.object();
    } catch {
      // A damaged object, or one nested without end: what is asked for behind it is not there.
    }
    this.#count(reader.position);
    return object;
  }

  /** An object of an object stream (ISO 32000-1 section 7.5.7): its head names number and offset of each. */
  #inStream(number: number, index: number): PdfObject | undefined {
    const { bytes, offsets } = this.#streams.get(number) ?? this.#openStream(number);
    const at = offsets[index];
    if (at === undefined || at >= bytes.length) return undefined;
    const next = offsets[index + 1] ?? bytes.length;
    return this.#parse(bytes.subarray(at, next > at ? next : bytes.length));
  }

  #openStream(number: number): ObjectStream {
    const stream = this.resolve(new PdfRef(number));
    let opened: ObjectStream = { bytes: new Uint8Array(), offsets: [] };
    if (stream instanceof PdfStream) {
      const bytes = this.decoded(stream);
      const start = this.#number(stream.dict, 'First');
      this.#count(Math.min(start, MAX_HEAD_BYTES));
      const head = new TextDecoder('latin1').decode(bytes.subarray(0, Math.min(start, MAX_HEAD_BYTES)));
      const numbers = head.trim().split(/\s+/).map(Number);
      opened = { bytes, offsets: numbers.filter((_, i) => i % 2 === 1).map((offset) => start + offset) };
    }
    this.#streams.set(number, opened);
    return opened;
  }

  #number(dict: PdfDict, key: string): number {
    const value = this.member(dict, key);
    return typeof value === 'number' && value >= 0 ? Math.floor(value) : 0;
  }

  #ascii(from: number, length: number): string {
    return String.fromCharCode(...this.#bytes.subarray(Math.max(0, from), from + length));
  }

  #readTables(): void {
    const tail = this.#ascii(this.#bytes.length - 2048, 2048);
    const start = /startxref\s+(\d{1,10})(?![\s\S]*startxref)/.exec(tail)?.[1];
    const waiting = start === undefined ? [] : [Number(start)];
    const seen = new Set<number>();
    for (let at = waiting.shift(); at !== undefined; at = waiting.shift()) {
      if (seen.has(at) || seen.size >= MAX_SECTIONS) continue;
      seen.add(at);
      const trailer = /^\s*xref/.test(this.#ascii(at, 16)) ? this.#table(at) : this.#tableStream(at);
      if (trailer === undefined) return;
      this.#take(trailer);
      // A hybrid file's stream comes before the older sections.
      for (const key of ['XRefStm', 'Prev']) {
        const next = trailer.get(key);
        if (typeof next === 'number') waiting.push(next);
      }
    }
  }

  #take(trailer: PdfDict): void {
    this.#root ??= trailer.get('Root');
    if (trailer.get('Encrypt') !== undefined) this.#encrypted = true;
  }

  #place(number: number, place: Place): void {
    if (this.#places.size >= MAX_NUMBERS)
      throw new Fault('LIMIT_SIZE', `the PDF names more than ${MAX_NUMBERS} objects: send its XML alone`);
    if (!this.#places.has(number)) this.#places.set(number, place);
  }

  /** A cross-reference table (section 7.5.4) and its trailer. */
  #table(offset: number): PdfDict | undefined {
    const end = this.#find('trailer', offset);
    if (end < 0) return undefined;
    this.#count(end - offset);
    const words = new TextDecoder('latin1').decode(this.#bytes.subarray(offset, end)).trim().split(/\s+/);
    for (let at = 1; at + 1 < words.length; ) {
      const [first, count] = [Number(words[at]), Number(words[at + 1])];
      at += 2;
      for (let i = 0; i < count && at + 2 < words.length; i++, at += 3)
        if (words[at + 2] === 'n') this.#place(first + i, { offset: Number(words[at]) });
      if (!(count >= 0)) return undefined;
    }
    const trailer = this.#parse(this.#bytes.subarray(end + 'trailer'.length, end + MAX_TRAILER_BYTES));
    return isDict(trailer) ? trailer : undefined;
  }

  /** A cross-reference stream (section 7.5.8): rows of type, offset or stream, generation or index. */
  #tableStream(offset: number): PdfDict | undefined {
    const stream = this.#objectAt(offset)?.object;
    if (!(stream instanceof PdfStream)) return undefined;
    const bytes = this.decoded(stream);
    const numbers = (key: string): number[] => {
      const list = stream.dict.get(key);
      return isArray(list) ? list.map((one) => (typeof one === 'number' ? one : 0)) : [];
    };
    const widths = numbers('W');
    const [a = 0, b = 0, c = 0] = widths;
    const width = a + b + c;
    if (widths.some((one) => one < 0 || one > 8) || width === 0) return undefined;
    const index = numbers('Index');
    const sections = index.length > 0 ? index : [0, this.#number(stream.dict, 'Size')];
    const field = (at: number, size: number): number => {
      let value = 0;
      for (let i = 0; i < size; i++) value = value * 256 + (bytes[at + i] ?? 0);
      return value;
    };
    let row = 0;
    for (let i = 0; i + 1 < sections.length; i += 2) {
      const [first = 0, count = 0] = [sections[i], sections[i + 1]];
      for (let n = 0; n < count && row + width <= bytes.length; n++, row += width) {
        const type = a === 0 ? 1 : field(row, a);
        if (type === 1) this.#place(first + n, { offset: field(row + a, b) });
        else if (type === 2) this.#place(first + n, { stream: field(row + a, b), index: field(row + a + b, c) });
      }
    }
    return stream.dict;
  }

  #find(word: string, from: number): number {
    const start = word.charCodeAt(0);
    for (let at = this.#bytes.indexOf(start, from); at >= 0; at = this.#bytes.indexOf(start, at + 1))
      if (standsAt(this.#bytes, at, word)) return at;
    return -1;
  }

  #sortOffsets(): void {
    const offsets = [...this.#places.values()].flatMap((place) => ('offset' in place ? [place.offset] : []));
    this.#offsets = [...new Set(offsets)].sort((x, y) => x - y);
  }

  /** For a file whose tables are damaged: every `n g obj` in it, a later one in the place of an earlier one, as its updates meant it. */
  #rebuild(): void {
    this.#places.clear();
    this.#loaded.clear();
    this.#root = undefined;
    const bytes = this.#bytes;
    for (let at = bytes.indexOf(0x6f); at >= 0; at = bytes.indexOf(0x6f, at + 1)) {
      if (bytes[at + 1] !== 0x62 || bytes[at + 2] !== 0x6a || !isSpace(bytes[at - 1])) continue;
      const begin = headBefore(bytes, at);
      if (begin === undefined) continue;
      this.#places.delete(begin.number);
      this.#place(begin.number, { offset: begin.offset });
    }
    this.#sortOffsets();
    let tried = 0;
    for (let at = this.#find('trailer', 0); at >= 0 && tried++ < MAX_SECTIONS; at = this.#find('trailer', at + 1)) {
      const trailer = this.#parse(bytes.subarray(at + 'trailer'.length, at + MAX_TRAILER_BYTES));
      if (!isDict(trailer)) continue;
      this.#root = trailer.get('Root') ?? this.#root;
      if (trailer.get('Encrypt') !== undefined) this.#encrypted = true;
    }
    if (this.#dict(this.#root) === undefined) this.#root = this.#catalogByType();
  }

  /** Where no trailer is left: the first object that says it is a catalog. */
  #catalogByType(): PdfObject | undefined {
    for (const number of [...this.#places.keys()].slice(0, MAX_OBJECTS / 2)) {
      const object = this.#dict(new PdfRef(number));
      if (nameOf(object?.get('Type')) === 'Catalog') return object;
    }
    return undefined;
  }
}

/** The number of the object whose keyword `obj` stands at an offset, and where its head begins. */
function headBefore(bytes: Uint8Array, keyword: number): { readonly number: number; readonly offset: number } | undefined {
  let at = keyword - 1;
  const back = (test: (byte: number | undefined) => boolean): number => {
    const from = at;
    while (at >= 0 && from - at < 12 && test(bytes[at])) at--;
    return from - at;
  };
  if (back(isSpace) === 0 || back(isDigit) === 0 || back(isSpace) === 0) return undefined;
  const end = at + 1;
  if (back(isDigit) === 0) return undefined;
  return { number: Number(String.fromCharCode(...bytes.subarray(at + 1, end))), offset: at + 1 };
}
