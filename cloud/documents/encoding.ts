import { Fault } from '../../protocol/fault.ts';

/** Encodings a European invoice may come in, by the names of the XML declaration. ISO-8859-1 is read as windows-1252, its superset. */
const ENCODINGS: ReadonlyMap<string, string> = new Map([
  ['utf-8', 'utf-8'],
  ['utf8', 'utf-8'],
  ['us-ascii', 'utf-8'],
  ['ascii', 'utf-8'],
  ['iso-8859-1', 'windows-1252'],
  ['iso-8859-15', 'iso-8859-15'],
  ['latin1', 'windows-1252'],
  ['windows-1252', 'windows-1252'],
]);

const startsWith = (bytes: Uint8Array, ...start: number[]): boolean => start.every((byte, i) => bytes[i] === byte);

/**
 * The encoding of an XML document by XML 1.0 appendix F: byte order mark first, then the shape of the first characters, then the
 * declaration. The file name or the transport's charset is never asked: both are wrong too often.
 * @throws Fault XML_NOT_WELL_FORMED for an encoding that is not read.
 */
export function encodingOf(bytes: Uint8Array): string {
  if (startsWith(bytes, 0xef, 0xbb, 0xbf)) return 'utf-8';
  if (startsWith(bytes, 0xff, 0xfe) || startsWith(bytes, 0x3c, 0x00)) return 'utf-16le';
  if (startsWith(bytes, 0xfe, 0xff) || startsWith(bytes, 0x00, 0x3c)) return 'utf-16be';
  // 200 bytes hold any XML declaration; it is ASCII up to and including the encoding's name.
  const head = String.fromCharCode(...bytes.subarray(0, 200));
  const declared = /^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']/.exec(head)?.[1];
  if (declared === undefined) return 'utf-8';
  const name = ENCODINGS.get(declared.toLowerCase());
  if (name === undefined)
    throw new Fault('XML_NOT_WELL_FORMED', `the document declares the encoding ${declared}, which is not read: send it as UTF-8`);
  return name;
}

/** The characters of a document in chunks of `size` bytes, so that limits act before all of it is decoded. */
export function* decoded(bytes: Uint8Array, size: number): Generator<string> {
  const encoding = encodingOf(bytes);
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: false });
  try {
    for (let at = 0; at < bytes.length; at += size) {
      const last = at + size >= bytes.length;
      yield decoder.decode(bytes.subarray(at, at + size), { stream: !last });
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Fault('XML_NOT_WELL_FORMED', `the bytes are not valid ${encoding}: send the document in the encoding it declares`);
  }
}
