import type { ChainHead } from '../../protocol/refusal.ts';

/** What to do after the hub has said where it stands. */
export type Alignment =
  /** The hub has everything up to and with `seq` of the current epoch: send what follows. */
  | { readonly do: 'resume'; readonly seq: number }
  /** The two histories differ: a new epoch must begin after the hub's head. */
  | { readonly do: 'newEpoch'; readonly why: string };

/**
 * Compares the hub's head with the node's own history.
 * @param chainAt the chain value after record `seq` of the current epoch as base64url; undefined when it is not known (any more)
 */
export function align(hub: ChainHead, own: ChainHead, chainAt: (seq: number) => string | undefined): Alignment {
  if (hub.epoch === own.epoch) {
    if (hub.seq > own.seq) return { do: 'newEpoch', why: `the hub has record ${hub.seq}, this node only ${own.seq}: its disk was restored` };
    const chain = chainAt(hub.seq);
    if (chain === undefined) return { do: 'newEpoch', why: `the hub stands at record ${hub.seq}, which this node no longer keeps` };
    if (chain !== hub.chain) return { do: 'newEpoch', why: `record ${hub.seq} differs between hub and node: its disk was restored` };
    return { do: 'resume', seq: hub.seq };
  }
  // The node began an epoch that the hub has not seen yet.
  if (hub.epoch === own.epoch - 1 && chainAt(0) !== undefined) return { do: 'resume', seq: 0 };
  return { do: 'newEpoch', why: `the hub stands in epoch ${hub.epoch}, this node in ${own.epoch}` };
}
