import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { base64, decimalOf, fromBase64, fromUtf8, hex, same, utf8 } from './encoding.ts';
import { sha256 } from './tree.ts';

/** Signed notes, verifier keys and checkpoints (C2SP signed-note, tlog-checkpoint), Ed25519 only. */

const ED25519 = 0x01;
const SIGNATURE_BYTES = 4 + 64;
/** C2SP signed-note asks for at least 16; more are no note of ours. */
const MAX_SIGNATURES = 64;
/** DER of a SubjectPublicKeyInfo with an Ed25519 key, up to the 32 bytes of the key (RFC 8410). */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

export interface VerifierKey {
  readonly name: string;
  /** 4 bytes that name the key in a signature line. */
  readonly id: Uint8Array;
  readonly key: KeyObject;
}

/** An Ed25519 public key of 32 bytes. */
export const publicKeyOf = (bytes: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.concat([SPKI, bytes]), format: 'der', type: 'spki' });

export const signedBy = (key: KeyObject, signature: Uint8Array, message: Uint8Array): boolean => verify(null, message, key, signature);

/** `name+hash+base64(algorithm, key)`; a text says what is wrong. */
export function parseVkey(text: string): VerifierKey | string {
  const [, name, id, encoded] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text) ?? [];
  const bytes = fromBase64(encoded ?? '');
  if (name === undefined || bytes === undefined) return 'is no verifier key of the form name+hash+base64';
  if (bytes[0] !== ED25519 || bytes.length !== 33) return 'is no Ed25519 key';
  const expected = sha256(utf8(`${name}\n`), bytes).subarray(0, 4);
  if (hex(expected) !== id) return `has the hash ${id}, its name and key have ${hex(expected)}`;
  return { name, id: expected, key: publicKeyOf(bytes.subarray(1)) };
}

export interface Note {
  /** With its last line end: what is signed. */
  readonly body: string;
  readonly signatures: readonly { readonly name: string; readonly id: Uint8Array; readonly signature: Uint8Array }[];
}

/** The text and signatures of a note; a text says what is wrong. */
export function parseNote(bytes: Uint8Array): Note | string {
  const text = fromUtf8(bytes);
  if (text === undefined) return 'is not UTF-8';
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 0x20 && text[i] !== '\n') return 'holds a control character';
  const split = text.lastIndexOf('\n\n');
  if (split < 0 || !text.endsWith('\n')) return 'has no signatures after an empty line';
  const lines = text.slice(split + 2, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) return `has ${lines.length} signatures, at most ${MAX_SIGNATURES} are read`;
  const signatures: { name: string; id: Uint8Array; signature: Uint8Array }[] = [];
  for (const line of lines) {
    const [, name, encoded] = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/=]+)$/.exec(line) ?? [];
    const payload = fromBase64(encoded ?? '');
    if (name === undefined || payload === undefined || payload.length < 5) return 'has a signature line that is no signature';
    signatures.push({ name, id: payload.subarray(0, 4), signature: payload.subarray(4) });
  }
  return { body: text.slice(0, split + 1), signatures };
}

/** Why a note is not signed by a key; undefined when it is. Signatures by others count neither way. */
export function noteFault(note: Note, { name, id, key }: VerifierKey): string | undefined {
  const ours = note.signatures.filter((each) => each.name === name && same(each.id, id));
  if (ours.length === 0) return `is not signed by ${name} with the key ${hex(id)}`;
  const message = utf8(note.body);
  const good = ours.every(({ signature }) => signature.length === SIGNATURE_BYTES - 4 && signedBy(key, signature, message));
  return good ? undefined : `has a signature of ${name} that does not verify`;
}

export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

export const checkpointBody = ({ origin, size, root }: Checkpoint): string => `${origin}\n${size}\n${base64(root)}\n`;

/** Origin, size and root of the body of a note; a text says what is wrong. Extension lines are refused: our logs write none. */
export function parseCheckpoint(body: string): Checkpoint | string {
  const [origin = '', sizeText = '', rootText = '', end, more] = body.split('\n');
  const size = decimalOf(sizeText);
  const root = fromBase64(rootText);
  if (end !== '' || more !== undefined) return 'is not origin, size and root on three lines';
  if (origin === '' || size === undefined || root?.length !== 32) return 'has no origin, size or root';
  return { origin, size, root };
}

/** A checkpoint that a key signed; a text says what is wrong. Without a key the signature is not looked at. */
export function openCheckpoint(bytes: Uint8Array, key: VerifierKey | undefined): Checkpoint | string {
  const note = parseNote(bytes);
  if (typeof note === 'string') return note;
  const checkpoint = parseCheckpoint(note.body);
  if (typeof checkpoint === 'string' || key === undefined) return checkpoint;
  if (checkpoint.origin !== key.name) return `is of ${checkpoint.origin}, the key is of ${key.name}`;
  return noteFault(note, key) ?? checkpoint;
}
