import { sha256 } from '@noble/hashes/sha2.js';
import { fromBase64, toBase64 } from './base64.ts';
import type { Sign, Verify } from './batch.ts';
import { concat, equal, toHex, utf8 } from './bytes.ts';
import { Fault } from './fault.ts';

/**
 * Signed notes (C2SP signed-note): a text, an empty line, and a line for each signature,
 *
 *   — <name> base64(4 bytes key id || signature)
 *
 * A signature covers the text with its last line end, without the empty line. One value has one spelling here: a note that is read and
 * written again is the same bytes.
 */
export interface NoteKey {
  /** Whose key it is; a log's is its origin. */
  readonly name: string;
  readonly publicKey: Uint8Array;
  /** First 4 bytes of SHA-256(name, line end, algorithm, public key). */
  readonly id: Uint8Array;
}

export interface NoteSignature {
  readonly name: string;
  readonly id: Uint8Array;
  readonly signature: Uint8Array;
}

export interface Note {
  /** With the line end of its last line. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** Ed25519 over the text (signed-note, "Signature types"). */
const ED25519 = 0x01;
const KEY_BYTES = 32;
const ID_BYTES = 4;
const SIGNATURE_BYTES = 64;
/** Signed-note asks readers for at least 16; more are nobody's we know, and each costs a line to read. */
const MAX_SIGNATURES = 32;
const DASH = '\u2014 ';
/** A name without white space and without "+", which parts a verifier key; 255 characters are an address and a path. */
const NAME = /^[!-*,-~]{1,255}$/;

const invalid = (what: string): Fault => new Fault('NOTE_INVALID', `the signed note cannot be read: ${what}`);

/** The Ed25519 key of a name. @throws Fault VKEY_INVALID for a name or a key of the wrong form */
export function noteKey(name: string, publicKey: Uint8Array): NoteKey {
  if (!NAME.test(name))
    throw new Fault('VKEY_INVALID', `"${name.slice(0, 60)}" cannot name a key: use visible ASCII without blank and "+"`);
  if (publicKey.length !== KEY_BYTES) throw new Fault('VKEY_INVALID', `the key of ${name} has ${publicKey.length} bytes, expected 32`);
  return { name, publicKey, id: sha256(concat(utf8(`${name}\n`), Uint8Array.of(ED25519), publicKey)).slice(0, ID_BYTES) };
}

/** The verifier key as text: `<name>+<key id in hexadecimal>+<base64 of algorithm and key>`. */
export function vkeyText({ name, id, publicKey }: NoteKey): string {
  return `${name}+${toHex(id).toLowerCase()}+${toBase64(concat(Uint8Array.of(ED25519), publicKey))}`;
}

/** Reads a verifier key. @throws Fault VKEY_INVALID */
export function parseVkey(text: string): NoteKey {
  const [, name, , base64] = /^([^+]*)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text) ?? [];
  const bytes = base64 === undefined ? undefined : fromBase64(base64);
  if (name === undefined || bytes === undefined || bytes[0] !== ED25519) {
    throw new Fault('VKEY_INVALID', `"${text.slice(0, 80)}" is no verifier key of Ed25519: copy it whole, name+id+key`);
  }
  const key = noteKey(name, bytes.subarray(1));
  if (vkeyText(key) !== text)
    throw new Fault('VKEY_INVALID', `the key id in "${text.slice(0, 80)}" does not follow from its key: copy it again`);
  return key;
}

/** True for text that a note may hold: lines of valid Unicode without control characters, each with its line end. */
function isText(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: signed-note forbids exactly these
  return text.endsWith('\n') && text.isWellFormed() && !/[\u0000-\u0009\u000b-\u001f]/.test(text);
}

/** The bytes of a note as text. @throws Fault NOTE_INVALID for what no note may hold */
export function noteText({ text, signatures }: Note): string {
  if (!isText(text)) throw invalid('its text must be lines without control characters, each with a line end');
  return `${text}\n${signatures.map(({ name, id, signature }) => `${DASH}${name} ${toBase64(concat(id, signature))}\n`).join('')}`;
}

function parseSignature(line: string): NoteSignature {
  const [name, base64, ...more] = line.startsWith(DASH) ? line.slice(DASH.length).split(' ') : [];
  const bytes = base64 === undefined ? undefined : fromBase64(base64);
  if (name === undefined || !NAME.test(name) || bytes === undefined || bytes.length <= ID_BYTES || more.length > 0) {
    throw invalid(`"${line.slice(0, 60)}" is no signature line`);
  }
  return { name, id: bytes.slice(0, ID_BYTES), signature: bytes.slice(ID_BYTES) };
}

/** Reads a note without judging its signatures. @throws Fault NOTE_INVALID */
export function parseNote(note: string): Note {
  const split = note.lastIndexOf('\n\n');
  if (split < 0) throw invalid('no empty line parts its text from its signatures');
  const [text, rest] = [note.slice(0, split + 1), note.slice(split + 2)];
  if (!isText(text) || !rest.endsWith('\n')) throw invalid('it is cut off or holds control characters');
  const lines = rest.slice(0, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) throw invalid(`${lines.length} signatures, at most ${MAX_SIGNATURES}`);
  return { text, signatures: lines.map(parseSignature) };
}

/** Signs `text` and returns the note. @throws Fault NOTE_INVALID for what no note may hold */
export async function signNote(text: string, key: NoteKey, sign: Sign): Promise<string> {
  const signature = await sign(utf8(text));
  return noteText({ text, signatures: [{ name: key.name, id: key.id, signature }] });
}

/**
 * The text of a note that `key` signed. Signatures of others are left to those who know their keys.
 * @throws Fault NOTE_INVALID, NOTE_UNSIGNED when none is of this key, NOTE_SIGNATURE when one is and does not verify
 */
export async function openNote(note: string, key: NoteKey, verify: Verify): Promise<string> {
  const { text, signatures } = parseNote(note);
  const own = signatures.filter(({ name, id }) => name === key.name && equal(id, key.id));
  if (own.length === 0)
    throw new Fault('NOTE_UNSIGNED', `the note is not signed by ${key.name} with the key ${toHex(key.id).toLowerCase()}`);
  for (const { signature } of own) {
    if (signature.length !== SIGNATURE_BYTES || !(await verify(key.publicKey, signature, utf8(text)))) {
      throw new Fault('NOTE_SIGNATURE', `the signature of ${key.name} does not fit the note: one of them was changed`);
    }
  }
  return text;
}
