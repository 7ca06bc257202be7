import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fromUtf8 } from '../../protocol/bytes.ts';

/** What the outbox file of a dead node holds. */
export interface OutboxLook {
  readonly epoch: number;
  readonly seq: number;
  readonly chain: Uint8Array;
  /** Sequence number of the first record of each passage that the file knows. */
  readonly passages: ReadonlyMap<string, number>;
  /** Bodies of the records that it has not deleted yet. */
  readonly bodies: ReadonlyMap<number, string>;
}

/** Reads a copy: the file itself, with whatever its log holds, stays as the kill left it for the node to recover. */
export function lookAt(path: string): OutboxLook {
  const dir = mkdtempSync(join(tmpdir(), 'docket-look-'));
  try {
    for (const suffix of ['', '-wal']) if (existsSync(path + suffix)) copyFileSync(path + suffix, join(dir, `outbox.db${suffix}`));
    const db = new DatabaseSync(join(dir, 'outbox.db'));
    try {
      const head = db.prepare('SELECT epoch, seq, chain FROM head').get() as { epoch: number; seq: number; chain: Uint8Array } | undefined;
      const passages = db.prepare('SELECT passage, seq FROM passages').all() as { passage: string; seq: number }[];
      const records = db.prepare('SELECT seq, body FROM records').all() as { seq: number; body: Uint8Array }[];
      return {
        epoch: head?.epoch ?? 1,
        seq: head?.seq ?? 0,
        chain: head?.chain ?? new Uint8Array(),
        passages: new Map(passages.map((row) => [row.passage, row.seq])),
        bodies: new Map(records.map((row) => [row.seq, fromUtf8(row.body)])),
      };
    } finally {
      db.close();
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
}

export const STATES = ['before commit', 'unsent', 'in flight', 'posted but unacknowledged'] as const;
export type State = (typeof STATES)[number];

/** What is known about a node's records once something was killed. */
export interface Aftermath {
  readonly victim: 'edge' | 'hub' | 'workerd';
  /** Passages that were under way and are not in the file. */
  readonly open: number;
  /** Highest sequence number in the node's file, handed to the network, in the hub's log, and acknowledged to the node. */
  readonly committed: number;
  readonly sent: number;
  readonly posted: number;
  readonly acknowledged: number;
}

/**
 * In which states records were when the kill fell: one kill may hit several. A dead hub takes nothing from what a node has not sent yet,
 * so only the death of the node hits those.
 */
export function statesOf({ victim, open, committed, sent, posted, acknowledged }: Aftermath): State[] {
  const states: State[] = [];
  if (victim === 'edge' && open > 0) states.push('before commit');
  if (victim === 'edge' && committed > Math.max(sent, posted)) states.push('unsent');
  if (sent > posted) states.push('in flight');
  if (posted > acknowledged) states.push('posted but unacknowledged');
  return states;
}
