import { countPlan } from './counting/plan.ts';
import { countFindings, countsPage, countView } from './counting/reads.ts';
import { documents } from './documents/projection.ts';
import { devices } from './ledger/devices.ts';
import { masterdata } from './ledger/masterdata.ts';
import type { Projection } from './ledger/projection.ts';
import { stock } from './ledger/stock.ts';
import { inspectMatch } from './reconcile/inspect.ts';
import { drainMatch, reconcile } from './reconcile/projection.ts';
import { documentsPage, documentView, findingsPage } from './reconcile/reads.ts';
import { hasWork } from './reconcile/work.ts';

/** Everything that is folded in the commit, in order: each reads the tables and effects of those before it. */
export const projections: readonly Projection[] = [
  devices,
  masterdata,
  stock,
  documents,
  { ...reconcile, drain: drainMatch, waits: hasWork, inspect: inspectMatch },
];

export type { CountPlan, PlannedZone } from './counting/plan.ts';
export type { CountFinding, CountRow, CountsQuery, CountView } from './counting/reads.ts';
export type { DocumentRow, DocumentsQuery, DocumentView, FindingView } from './reconcile/reads.ts';

/** What the ledger object answers from tables that are not the ledger's own: it is given them, as it is given its projections. */
export const reads = { documentsPage, documentView, findingsPage, countsPage, countView, countFindings, countPlan } as const;
