import { canonical } from '../../protocol/canonical.ts';
import type { CountPlan } from '../counting/plan.ts';
import type { CountFinding, CountRow, CountsQuery, CountView } from '../counting/reads.ts';
import type { HubEntryType, JsonObject, NewEntry } from '../ledger/entry.ts';
import type { Appended, LedgerRpc, ListQuery, Page } from '../ledger/rpc.ts';
import type { DocumentRow, DocumentsQuery, DocumentView, FindingView } from '../reconcile/reads.ts';
import { Problem } from './problem.ts';
import { isProblemCode } from './problems.ts';

/** What the ledger object answers about documents and counts, beyond its core. */
type DocumentReads = {
  counts(query: CountsQuery): Promise<Page<CountRow>>;
  count(entry: number): Promise<CountView | null>;
  countFindings(query: ListQuery): Promise<Page<CountFinding>>;
  countPlan(site: string | null, now: number): Promise<CountPlan>;
  documents(query: DocumentsQuery): Promise<Page<DocumentRow>>;
  document(id: string): Promise<DocumentView | null>;
  findings(query: ListQuery): Promise<Page<FindingView>>;
};

/** The ledger of a tenant. */
export function ledgerOf(env: Env, tenant: string): LedgerRpc & DocumentReads {
  // A stub's type forgets that tuples are tuples; the object implements LedgerRpc, and the values are copied as they are.
  return env.LEDGER.getByName(tenant) as unknown as LedgerRpc & DocumentReads;
}

/**
 * Appends what the ledger does not say yet: the log holds what changed, not how often it was sent. Two requests at the same moment may
 * both append, which does no harm.
 * @param known what the ledger says now, in the members of `wanted`; null when nothing
 * @returns the index of the new entry; null when `known` says the same
 */
export async function appendChange(
  env: Env,
  tenant: string,
  { type, wanted, known }: { type: HubEntryType; wanted: JsonObject; known: JsonObject | null },
  now: number,
): Promise<number | null> {
  const told = known === null ? null : Object.fromEntries(Object.keys(wanted).map((member) => [member, known[member]]));
  if (told !== null && canonical(told) === canonical(wanted)) return null;
  const present = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== null));
  return (await append(env, tenant, { type, body: { v: 1, ...present } }, now)).index;
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
