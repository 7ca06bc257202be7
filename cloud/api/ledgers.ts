import type { NewEntry } from '../ledger/entry.ts';
import type { Appended, LedgerRpc } from '../ledger/rpc.ts';
import { Problem } from './problem.ts';
import { isProblemCode } from './problems.ts';

/** The ledger of a tenant. */
export function ledgerOf(env: Env, tenant: string): LedgerRpc {
  return env.LEDGER.getByName(tenant);
}

/**
 * Appends one entry.
 * @throws Problem with the code by which a projection refused it
 */
export async function append(env: Env, tenant: string, entry: NewEntry, now: number): Promise<Appended> {
  const result = await ledgerOf(env, tenant).append([entry], now);
  if (!result.ok) {
    const { code, text, details } = result;
    if (!isProblemCode(code)) throw new Error(`the ledger refused with a code the API does not know: ${code}: ${text}`);
    throw new Problem(code, text, { details });
  }
  const [appended] = result.appended;
  if (appended === undefined) throw new Error('the ledger answered an append without a result');
  return appended;
}
