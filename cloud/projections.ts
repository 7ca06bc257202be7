import { documents } from './documents/projection.ts';
import { devices } from './ledger/devices.ts';
import { masterdata } from './ledger/masterdata.ts';
import type { Projection } from './ledger/projection.ts';
import { stock } from './ledger/stock.ts';
import { drainMatch, reconcile } from './reconcile/projection.ts';
import { hasWork } from './reconcile/work.ts';

/** Everything that is folded in the commit, in order: each reads the tables and effects of those before it. */
export const projections: readonly Projection[] = [
  devices,
  masterdata,
  stock,
  documents,
  { ...reconcile, drain: drainMatch, waits: hasWork },
];
