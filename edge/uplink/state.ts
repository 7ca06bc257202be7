import type { Sign } from '../../protocol/batch.ts';

/** The node's identity: `sign` is Ed25519 with the node's own key. */
export interface NodeKey {
  readonly id: string;
  readonly sign: Sign;
  /** Random per process, 8 hexadecimal digits: two processes that live at once with one key are told apart by it. */
  readonly instance?: string;
}

export interface UplinkState {
  readonly state: 'offline' | 'connecting' | 'online' | 'refused';
  /** Since when, epoch milliseconds by the node's wall clock. */
  readonly since: number;
  readonly queued: number;
  /** Batches on the wire. */
  readonly inFlight: number;
  readonly lastAcknowledged: { readonly seq: number; readonly at: number } | null;
  /** Why the hub does not take what it gets; null once it does again. */
  readonly refusal: { readonly code: string; readonly text: string } | null;
  /** Hub time minus wall time, milliseconds; null before the first answer. */
  readonly hubOffsetMs: number | null;
}
