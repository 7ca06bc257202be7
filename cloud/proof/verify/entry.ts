import { fromBase64url, fromUtf8, same, utf8 } from './encoding.ts';
import { jsonFault } from './json.ts';
import { commitmentOf, type Leaf, producerHash, RECORD } from './leaf.ts';

/** An entry with its leaf and what its line of the export opens it with. */
export interface Logged {
  readonly index: number;
  readonly leaf: Leaf;
  /** `hub` or `<site>/<node>`. */
  readonly producer: string;
  /** Both null once they were erased. */
  readonly salt: Uint8Array | null;
  readonly body: Uint8Array | null;
}

/** A line of entries/<N>.jsonl: canonical JSON of these four. */
export interface EntryLine {
  readonly body: string | null;
  readonly index: number;
  readonly producer: string;
  readonly salt: string | null;
}

const SALT_BYTES = 16;

/** Reads a line without asking the log. A text says what is wrong. */
export function parseEntry(bytes: Uint8Array): EntryLine | string {
  const fault = jsonFault(bytes);
  if (fault !== undefined) return fault.why;
  const text = fromUtf8(bytes) ?? '';
  const value = JSON.parse(text) as Partial<EntryLine> | null;
  if (value === null || typeof value !== 'object') return 'is no JSON object';
  const { body, index, producer, salt } = value;
  if (!Number.isSafeInteger(index) || typeof producer !== 'string') return 'has no index or producer';
  const erased = body === null && salt === null;
  if (!erased && (typeof body !== 'string' || typeof salt !== 'string')) return 'has a body or a salt without the other';
  if (JSON.stringify({ body, index, producer, salt }) !== text) return 'is not canonical JSON of body, index, producer and salt';
  return value as EntryLine;
}

/** The entry of a line, if it is the one that the leaf commits to. A text says what is wrong. */
export function openEntry(line: EntryLine, index: number, leaf: Leaf, tenant: string): Logged | string {
  const { producer } = line;
  if (line.index !== index) return `has the index ${line.index}`;
  if (!same(producerHash(tenant, producer), leaf.producer)) return `names ${producer} as its producer, the leaf another`;
  if ((leaf.type === RECORD) !== (producer !== 'hub')) return `is of type ${leaf.type}, which ${producer} does not produce`;
  if (line.body === null || line.salt === null) return { index, leaf, producer, salt: null, body: null };
  const [salt, body] = [fromBase64url(line.salt), utf8(line.body)];
  if (salt?.length !== SALT_BYTES) return `has a salt that is not base64url of ${SALT_BYTES} bytes`;
  if (!same(commitmentOf(salt, body), leaf.commitment)) return 'has a body or salt that is not the one committed to';
  return { index, leaf, producer, salt, body };
}

/** What a body says; undefined for one that was erased or is no JSON object. */
export function readBody({ body }: Logged): Readonly<Record<string, unknown>> | undefined {
  if (body === null) return undefined;
  try {
    const value: unknown = JSON.parse(fromUtf8(body) ?? '');
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
