import { fromBase64, toBase64 } from './base64.ts';
import type { Sign, Verify } from './batch.ts';
import { Fault } from './fault.ts';
import { type NoteKey, openNote, signNote } from './note.ts';

/** What a log says of itself (C2SP tlog-checkpoint): three lines of a signed note, origin, size in decimal, root in base64. */
export interface Checkpoint {
  /** Name of the log and of its key: an address without scheme. */
  readonly origin: string;
  /** Entries. */
  readonly size: number;
  /** RFC 6962 root over them, 32 bytes. */
  readonly root: Uint8Array;
}

const ROOT_BYTES = 32;

/** The lines that are signed. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${toBase64(root)}\n`;
}

/** Reads a decimal without sign and without leading zeros; undefined when it is none, or no safe integer. */
export function decimal(text: string | undefined): number | undefined {
  if (text === undefined || !/^(0|[1-9]\d{0,15})$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/**
 * Reads the text of a checkpoint. Extension lines, which the specification discourages, are refused: this hub's logs write none.
 * @throws Fault CHECKPOINT_INVALID
 */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin, digits, base64, end, ...more] = text.split('\n');
  const size = decimal(digits);
  const root = base64 === undefined ? undefined : fromBase64(base64);
  if (origin === undefined || origin === '' || size === undefined || root?.length !== ROOT_BYTES || end !== '' || more.length > 0) {
    throw new Fault('CHECKPOINT_INVALID', 'the checkpoint is not three lines of origin, size and root');
  }
  return { origin, size, root };
}

/** Signs a checkpoint with the log's key, whose name is the origin. */
export function signCheckpoint(checkpoint: Checkpoint, key: NoteKey, sign: Sign): Promise<string> {
  return signNote(checkpointText(checkpoint), key, sign);
}

/**
 * Reads a checkpoint that the log of `key` signed.
 * @throws Fault NOTE_INVALID, NOTE_UNSIGNED, NOTE_SIGNATURE, CHECKPOINT_INVALID, CHECKPOINT_ORIGIN
 */
export async function openCheckpoint(note: string, key: NoteKey, verify: Verify): Promise<Checkpoint> {
  const checkpoint = parseCheckpoint(await openNote(note, key, verify));
  if (checkpoint.origin !== key.name) {
    throw new Fault('CHECKPOINT_ORIGIN', `the checkpoint is of ${checkpoint.origin}, the key of ${key.name}: ask for the right log`);
  }
  return checkpoint;
}
