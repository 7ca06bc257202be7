import { decimal, minorText, toMinor } from '../../protocol/money.ts';
import { CREDIT_CODES } from '../documents/document.ts';
import type { DocumentStatus, Finding, Gate, InvoiceFact, LineStatus } from './facts.ts';
import type { Policy } from './policy.ts';

/** From worst to best. A price beats a quantity as it does on a line; charges and services follow the goods. */
const SEVERITY: readonly LineStatus[] = [
  'ITEM_UNKNOWN',
  'UOM_UNKNOWN',
  'QTY_FRACTIONAL',
  'PRICE_VARIANCE',
  'NOT_RECEIVED',
  'NOT_SHIPPED',
  'SHORT_RECEIVED',
  'SHORT_SHIPPED',
  'DOUBTFUL_READS',
  'RETURN_OPEN',
  'OVER_RECEIVED',
  'OVER_SHIPPED',
  'MATCHED_TOLERANCE',
  'MATCHED',
  'CHARGE',
  'SERVICE',
];

/** All that a document's status can be; RECORDED stands on those that are not matched themselves. */
export const DOCUMENT_STATUSES: readonly (DocumentStatus | 'RECORDED')[] = [...SEVERITY, 'NO_LINES', 'SUPERSEDED', 'RECORDED'];

const PAYABLE: ReadonlySet<LineStatus> = new Set(['MATCHED', 'MATCHED_TOLERANCE', 'OVER_RECEIVED', 'CHARGE', 'SERVICE']);

/** What a document's lines come to, without the lines: how many have each status, whether anything moved, what differences were accepted. */
export interface Tally {
  readonly statuses: ReadonlyMap<LineStatus, number>;
  readonly moved: boolean;
  /** Minor units. */
  readonly accepted: number;
  readonly siteMismatch: boolean;
}

/** The status of a document: that of its worst line. */
export function documentStatus(tally: Tally): DocumentStatus {
  return SEVERITY.find((status) => (tally.statuses.get(status) ?? 0) > 0) ?? 'NO_LINES';
}

/** The accepted differences of an invoice when they exceed the cap: many small ones must not pass as nothing. */
export function capFinding(invoice: InvoiceFact, accepted: number, policy: Policy): Finding | undefined {
  const cap = toMinor(decimal(policy.invoiceCap), invoice.currency);
  if (accepted <= cap) return undefined;
  const { currency } = invoice;
  const params = { amount: minorText(accepted, currency), cap: minorText(cap, currency), currency };
  return { code: 'INVOICE_CAP', amount: accepted, currency, explanation: { code: 'INVOICE_CAP', params } };
}

/** Whether a purchase invoice may be paid. */
export function gateOf(invoice: InvoiceFact, tally: Tally, capped: boolean, policy: Policy): Gate {
  if (invoice.role !== 'purchase' || CREDIT_CODES.has(invoice.typeCode)) return 'NONE';
  if (capped || invoice.contested !== undefined || tally.statuses.size === 0 || (tally.siteMismatch && policy.siteMismatch === 'hold'))
    return 'HOLD';
  const trouble = [...tally.statuses.keys()].filter((status) => !PAYABLE.has(status));
  if (trouble.length === 0) return 'PAY';
  return tally.moved && trouble.every((status) => status === 'SHORT_RECEIVED') ? 'PAY_PARTIAL' : 'HOLD';
}
