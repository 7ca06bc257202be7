/**
 * Why the hub refuses a publish: sent as a user property `code` of a PUBACK whose reason is 0x80 or more, with `epoch`,
 * `seq` and `chain` of the head it expects the next batch to follow. Retryable: the node resends from there.
 * Terminal: the node stops its uplink, keeps everything and shows red; the hub keeps the bytes in quarantine.
 */
export const REFUSALS = {
  /** The batch starts after the head: records are missing between. */
  GAP: 'retryable',
  /** The hub cannot commit now. */
  BUSY: 'retryable',
  /** The bytes are no batch of this version, or a record in it is not valid. */
  BATCH_INVALID: 'terminal',
  RECORD_INVALID: 'terminal',
  /** A major version this hub does not read. */
  VERSION: 'terminal',
  /** The signature does not verify with the key the header names. */
  SIGNATURE: 'terminal',
  /** The key is unknown, not of this node, not yet or no longer valid. */
  KEY: 'terminal',
  /** Two machines live with the node's key: nothing of it is taken until somebody releases it at the hub. */
  QUARANTINED: 'terminal',
  /** The chain value at the high-water mark differs: two histories of one node. */
  FORK: 'terminal',
  /** The chain values in the header do not follow from the records. */
  CHAIN: 'terminal',
  /** The header's tenant, site or node is not the session's. */
  ADDRESS: 'terminal',
  /** An epoch other than the current or the next one. */
  EPOCH: 'terminal',
} as const;

export type RefusalCode = keyof typeof REFUSALS;

/** The point of a node's chain up to which the hub has committed. */
export interface ChainHead {
  readonly epoch: number;
  readonly seq: number;
  /** 32 bytes as base64url. */
  readonly chain: string;
}

export function isTerminal(code: string): boolean {
  return REFUSALS[code as RefusalCode] === 'terminal';
}
