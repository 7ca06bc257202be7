import type { Invoice, InvoiceLine, Party, RuleFinding } from './document.ts';
import type { Reading } from './intake.ts';
import { ruleWords } from './rules/words.ts';

/** The ISO 6523 code of a GTIN. */
const GTIN_SCHEME = '0160';

const partyOf = (party: Party) => ({
  name: party.name ?? null,
  vat: party.vat ?? null,
  legalId: party.legalId?.id ?? null,
  legalIdScheme: party.legalId?.scheme ?? null,
  ids: (party.ids ?? []).map(({ id, scheme }) => ({ id, scheme: scheme ?? null })),
  endpoint: party.endpoint?.id ?? null,
  endpointScheme: party.endpoint?.scheme ?? null,
  country: party.country ?? null,
});

const lineOf = (line: InvoiceLine) => ({
  id: line.id === '' ? null : line.id,
  parentId: line.parentId ?? null,
  lineStatusReason: line.lineStatus ?? null,
  subLines: line.subLines ?? 0,
  qty: line.quantity ?? null,
  unit: line.unit ?? null,
  net: line.net ?? null,
  price: line.price ?? null,
  grossPrice: line.grossPrice ?? null,
  priceDiscount: line.priceDiscount ?? null,
  baseQty: line.baseQuantity ?? null,
  baseUnit: line.baseUnit ?? null,
  // Only what the document itself calls a GTIN, with its own digits; matching also takes one under another scheme.
  gtin: line.standardId?.scheme === GTIN_SCHEME ? line.standardId.id : null,
  standardId: line.standardId?.id ?? null,
  standardScheme: line.standardId?.scheme ?? null,
  sellerItemId: line.sellerItemId ?? null,
  buyerItemId: line.buyerItemId ?? null,
  name: line.name ?? null,
  orderLineRef: line.orderLine ?? null,
  orderRef: line.orderRef ?? null,
  despatchRef: line.despatchRef ?? null,
  vatCategory: line.vatCategory ?? null,
  vatRate: line.vatRate ?? null,
  allowances: line.allowances ?? [],
  charges: line.charges ?? [],
});

function totalsOf({ totals }: Invoice) {
  return {
    lineNet: totals.lineNet ?? null,
    allowances: totals.allowances ?? null,
    charges: totals.charges ?? null,
    withoutVat: totals.withoutVat ?? null,
    vat: totals.vat ?? null,
    withVat: totals.withVat,
    prepaid: totals.prepaid ?? null,
    rounding: totals.rounding ?? null,
    payable: totals.payable,
    vatAccounting: totals.vatAccounting ?? null,
  };
}

const findingOf = (finding: RuleFinding) => ({
  code: finding.code,
  line: finding.line ?? null,
  found: finding.found ?? null,
  expected: finding.expected ?? null,
  text: ruleWords(finding.code),
});

/** An invoice as `hub -- invoice` prints it: every member there, absent is null, decimals and identifiers as the document writes them. */
function printedInvoice(invoice: Invoice, { syntax, embedded, findings }: Reading) {
  const { delivery } = invoice;
  return {
    kind: invoice.kind,
    syntax: syntax ?? null,
    embeddedName: embedded?.name ?? null,
    attachments: embedded?.attachments ?? [],
    customizationId: invoice.specification ?? null,
    profileId: invoice.process ?? null,
    number: invoice.number,
    issueDate: invoice.issueDate,
    typeCode: invoice.typeCode,
    currency: invoice.currency,
    taxCurrency: invoice.taxCurrency ?? null,
    dueDate: invoice.dueDate ?? null,
    orderRef: invoice.orderRef ?? null,
    salesOrderRef: invoice.salesOrderRef ?? null,
    despatchRef: invoice.despatchRef ?? null,
    receiptRef: invoice.receiptRef ?? null,
    contractRef: invoice.contractRef ?? null,
    buyerReference: invoice.buyerReference ?? null,
    precedingInvoices: (invoice.preceding ?? []).map(({ number }) => number),
    seller: partyOf(invoice.seller),
    buyer: partyOf(invoice.buyer),
    delivery: {
      date: delivery?.date ?? null,
      locationId: delivery?.location?.id ?? null,
      locationScheme: delivery?.location?.scheme ?? null,
      name: delivery?.name ?? null,
    },
    totals: totalsOf(invoice),
    vatBreakdown: (invoice.vatGroups ?? []).map(({ category, rate, taxable, tax }) => ({
      category: category ?? null,
      rate: rate ?? null,
      taxable: taxable ?? null,
      tax: tax ?? null,
    })),
    allowancesCharges: (invoice.allowancesCharges ?? []).map((one) => ({
      charge: one.charge,
      amount: one.amount ?? null,
      reason: one.reason ?? null,
      reasonCode: one.reasonCode ?? null,
    })),
    lines: invoice.lines.map(lineOf),
    findings: findings.map(findingOf),
  };
}

/** A document for the command line: an order or a despatch advice in its normal form, an invoice as printedInvoice says. */
export function printed(reading: Reading): unknown {
  const { document } = reading;
  return document.kind === 'invoice' || document.kind === 'creditNote' ? printedInvoice(document, reading) : document;
}
