import { vkeyText } from '../../protocol/note.ts';
import { proofText } from '../../protocol/tlogproof.ts';
import { sizeOf } from './page.ts';
import { leaves } from './served.ts';
import type { Signer } from './signer.ts';
import type { Sql } from './sql.ts';
import { rangesOf } from './tiles.ts';
import { inclusionPath } from './tree.ts';

/** What proves that an entry is in the log, for who has the log's key alone. */
export interface Receipt {
  readonly leaf: Uint8Array;
  /** C2SP tlog-proof. */
  readonly proof: string;
  readonly vkey: string;
}

/** The proof of an entry; undefined for an index that the log has not reached. */
export async function receiptOf(sql: Sql, tenant: string, signer: Signer, index: number): Promise<Receipt | undefined> {
  if (index >= sizeOf(sql)) return undefined;
  const { size, note } = await signer.covering(index);
  const [leaf] = leaves(sql, tenant, index, index + 1);
  if (leaf === undefined) return undefined;
  const path = inclusionPath(index, size, rangesOf(sql));
  return { leaf, proof: proofText({ index, path, checkpoint: note }), vkey: vkeyText(await signer.key()) };
}
