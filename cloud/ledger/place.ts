import type { BatchHeader } from '../../protocol/batch.ts';
import { equal } from '../../protocol/bytes.ts';
import { chainStart } from '../../protocol/chain.ts';
import type { RefusalCode } from '../../protocol/refusal.ts';

/** Up to where the hub has committed a node's chain. */
export interface Mark {
  readonly epoch: number;
  readonly seq: number;
  readonly chain: Uint8Array;
}

/**
 * Where a batch stands against the high-water mark of its node: `post` the records after the first `skip`, which are there already;
 * `duplicate`: all are there already.
 */
export type Place =
  | { readonly kind: 'post'; readonly skip: number; readonly opens: boolean }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly text: string };

const refused = (code: RefusalCode, text: string): Place => ({ kind: 'refused', code, text });

/** The mark of a node that has posted nothing: before record 1 of epoch 1. */
export function startMark(address: { tenant: string; site: string; node: string }): Mark {
  return { epoch: 1, seq: 0, chain: chainStart(address, 1) };
}

function placeInEpoch(header: BatchHeader, chain: readonly Uint8Array[], mark: Mark, storedChain: StoredChain): Place {
  const { epoch, first, count } = header;
  const last = first + count - 1;
  if (first > mark.seq + 1)
    return refused('GAP', `record ${mark.seq + 1} of epoch ${epoch} is missing, the batch starts at ${first}: resend from there`);
  const end = Math.min(last, mark.seq);
  // chain[0] is the value before the first record, chain[k] that after record first + k - 1.
  const theirs = chain[end - first + 1];
  const ours = end === mark.seq ? mark.chain : storedChain(epoch, end);
  if (theirs === undefined || ours === undefined || !equal(theirs, ours)) {
    return refused('FORK', `the chain value after record ${end} of epoch ${epoch} is not the one the hub has: two histories of one node`);
  }
  return last <= mark.seq ? { kind: 'duplicate' } : { kind: 'post', skip: mark.seq + 1 - first, opens: false };
}

/** The chain value after a committed record; undefined when the hub has no such record. */
export type StoredChain = (epoch: number, seq: number) => Uint8Array | undefined;

/**
 * Decides where a batch stands. `chain` holds the chain values before the first record and after each; `storedChain` is asked only for
 * records below the mark. Does not judge the `epoch` record that must open a new epoch (`opens`).
 */
export function placeOf(header: BatchHeader, chain: readonly Uint8Array[], mark: Mark, storedChain: StoredChain): Place {
  if (header.epoch === mark.epoch) return placeInEpoch(header, chain, mark, storedChain);
  if (header.epoch === mark.epoch + 1) {
    if (header.first !== 1) {
      return refused(
        'GAP',
        `epoch ${header.epoch} is not open yet and the batch starts at record ${header.first}: send its record 1 first`,
      );
    }
    return equal(header.before, chainStart(header, header.epoch))
      ? { kind: 'post', skip: 0, opens: true }
      : refused('FORK', `the chain of epoch ${header.epoch} does not start where an epoch of this node starts`);
  }
  if (header.epoch < mark.epoch && header.epoch > 0) {
    // A batch of an epoch that was left: harmless when it is all there, for ever too late when it is not.
    const stored = storedChain(header.epoch, header.first + header.count - 1);
    if (stored !== undefined && equal(stored, header.after)) return { kind: 'duplicate' };
    return refused('EPOCH', `epoch ${header.epoch} was left for epoch ${mark.epoch}: open epoch ${mark.epoch + 1} to go on`);
  }
  return refused('EPOCH', `epoch ${header.epoch} is neither the current epoch ${mark.epoch} nor the next one`);
}
