import { equal, fromBase64url } from '../../protocol/bytes.ts';
import type { ChainHead } from '../../protocol/refusal.ts';

/** What to do after the hub has said where it stands. */
export type Alignment =
  /** The hub has everything up to and with `seq` of the current epoch: send what follows. */
  | { readonly do: 'resume'; readonly seq: number }
  /** The two histories differ: a new epoch must begin after the hub's head. */
  | { readonly do: 'newEpoch'; readonly why: string }
  /** The hub lost what it had acknowledged and this node no longer keeps: only a person can decide how to go on. */
  | { readonly do: 'stop'; readonly why: string };

/**
 * Compares the hub's head with the node's own history.
 * @param chainAt the chain value after record `seq` of the current epoch; undefined when it is not known (any more)
 */
export function align(hub: ChainHead, own: ChainHead, chainAt: (seq: number) => Uint8Array | undefined): Alignment {
  if (hub.epoch === own.epoch) {
    if (hub.seq > own.seq)
      return { do: 'newEpoch', why: `the hub has record ${hub.seq}, this node only ${own.seq}: its disk was restored` };
    const chain = chainAt(hub.seq);
    if (chain === undefined) return { do: 'newEpoch', why: `the hub stands at record ${hub.seq}, which this node no longer keeps` };
    if (!equal(chain, fromBase64url(hub.chain) ?? new Uint8Array()))
      return { do: 'newEpoch', why: `record ${hub.seq} differs between hub and node: its disk was restored` };
    return { do: 'resume', seq: hub.seq };
  }
  if (hub.epoch > own.epoch) return { do: 'newEpoch', why: `the hub stands in epoch ${hub.epoch}, this node only in ${own.epoch}` };
  // The node began an epoch that the hub has not seen yet.
  if (hub.epoch === own.epoch - 1 && chainAt(0) !== undefined) return { do: 'resume', seq: 0 };
  return {
    do: 'stop',
    why: `the hub stands in epoch ${hub.epoch}, this node in ${own.epoch} with records the hub once had: was the hub restored?`,
  };
}
