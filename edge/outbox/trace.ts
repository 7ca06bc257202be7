import { closeSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { fromBase64url, toBase64url } from '../../protocol/bytes.ts';
import type { Mark } from './records.ts';

/** The ends of the chain as they stood some seconds ago, in a file of their own. */
export interface Trace {
  readonly epoch: number;
  readonly seq: number;
  readonly chain: Uint8Array;
  readonly acknowledged: number;
  readonly acknowledgedChain: Uint8Array;
}

const CHAIN_BYTES = 32;

const tracePath = (path: string): string => `${path}.trace`;

/**
 * Leaves beside the outbox how far it had come: by it a deleted outbox, or an older copy put in its place, is known at the next
 * start. Not synced and best effort: it may be old, but it is never ahead of what is on disk.
 */
export function leaveTrace(path: string, { epoch, seq, chain, acknowledged, acknowledgedChain }: Mark): void {
  const text = JSON.stringify({
    ...{ epoch, seq, chain: toBase64url(chain) },
    ...{ acknowledged, acknowledgedChain: toBase64url(acknowledgedChain) },
  });
  try {
    const fd = openSync(`${tracePath(path)}.new`, 'w');
    try {
      writeSync(fd, `${text}\n`);
    } finally {
      closeSync(fd);
    }
    renameSync(`${tracePath(path)}.new`, tracePath(path));
  } catch {
    // A full or read-only disk: the older trace stays, which is true as well.
  }
}

/** The trace of the last run; `unreadable` when there is one that says nothing, undefined when there is none. */
export function readTrace(path: string): Trace | 'unreadable' | undefined {
  let text: string;
  try {
    text = readFileSync(tracePath(path), 'utf8');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : 'unreadable';
  }
  try {
    const { epoch, seq, chain, acknowledged, acknowledgedChain } = JSON.parse(text) as Record<string, unknown>;
    const own = { epoch, seq, acknowledged, chain: value(chain), acknowledgedChain: value(acknowledgedChain) };
    const numbers = [epoch, seq, acknowledged].every((n) => Number.isSafeInteger(n) && (n as number) >= 0);
    if (numbers && own.chain !== undefined && own.acknowledgedChain !== undefined) return own as Trace;
  } catch {
    // no JSON: falls through
  }
  return 'unreadable';
}

function value(text: unknown): Uint8Array | undefined {
  const bytes = typeof text === 'string' ? fromBase64url(text) : undefined;
  return bytes?.length === CHAIN_BYTES ? bytes : undefined;
}
