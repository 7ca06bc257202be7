import { CORRECTED_CODES } from '../documents/document.ts';
import type { InvoiceFact } from './facts.ts';

const isLater = (a: InvoiceFact, b: InvoiceFact): boolean =>
  a.issueDate === b.issueDate ? a.number > b.number : a.issueDate > b.issueDate;

/**
 * Which corrected invoice replaces which: by partner, role and the number named in BT-25, or by the ids in `replaces` where those are known. Of
 * two that name each other the later one stands; of several that name one the newest replaces it.
 */
export function replacements(invoices: readonly InvoiceFact[]): (invoice: InvoiceFact) => InvoiceFact | undefined {
  const by = new Map<string, InvoiceFact[]>();
  const corrected = invoices.filter(({ typeCode }) => CORRECTED_CODES.has(typeCode));
  for (const invoice of corrected.sort((a, b) => (isLater(a, b) ? 1 : -1)))
    for (const name of namesOf(invoice)) by.set(name, [...(by.get(name) ?? []), invoice]);
  return (invoice) => {
    const own = [JSON.stringify(['id', invoice.id]), numberName(invoice, invoice.number)];
    const naming = own.flatMap((name) => by.get(name) ?? []).sort((a, b) => (isLater(a, b) ? 1 : -1));
    const named = CORRECTED_CODES.has(invoice.typeCode) ? namesOf(invoice) : [];
    const names = (other: InvoiceFact): boolean =>
      named.includes(numberName(other, other.number)) || named.includes(JSON.stringify(['id', other.id]));
    return naming.findLast((other) => other.id !== invoice.id && !(names(other) && isLater(invoice, other)));
  };
}

const numberName = ({ role, partner }: InvoiceFact, number: string): string => JSON.stringify([role, partner, number]);

function namesOf(invoice: InvoiceFact): string[] {
  if (invoice.replaces !== undefined) return invoice.replaces.map((id) => JSON.stringify(['id', id]));
  return (invoice.preceding ?? []).filter((number) => number !== invoice.number).map((number) => numberName(invoice, number));
}
