import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { faultCode } from '../../protocol/fault.ts';
import type { Invoice, InvoiceLine, Party } from './document.ts';
import { readDocument } from './intake.ts';

/** Real invoices of other makers are kept beside the project, not in it: `../shared/corpus/einvoice`, with what each one holds. */
const CORPUS = new URL('../../../shared/corpus/einvoice/', import.meta.url);
const PRESENT = existsSync(CORPUS);

interface Expected {
  readonly file: string;
  readonly syntax: string;
  readonly [field: string]: unknown;
}

interface Manifest {
  readonly files: readonly Expected[];
  readonly hostileExpected: Readonly<Record<string, string>>;
}

const read = (name: string): Uint8Array => readFileSync(new URL(name, CORPUS));
const manifest: Manifest = PRESENT
  ? (JSON.parse(new TextDecoder().decode(read('manifest.json'))) as Manifest)
  : { files: [], hostileExpected: {} };

const partyOf = (party: Party) => ({
  name: party.name ?? null,
  vat: party.vat ?? null,
  legalId: party.legalId?.id ?? null,
  legalIdScheme: party.legalId?.scheme ?? null,
  endpoint: party.endpoint?.id ?? null,
});

const lineOf = (line: InvoiceLine) => ({
  id: line.id,
  qty: line.quantity,
  unit: line.unit,
  net: line.net,
  price: line.price,
  baseQty: line.baseQuantity ?? null,
  baseUnit: line.baseUnit ?? null,
  standardId: line.standardId?.id ?? null,
  standardScheme: line.standardId?.scheme ?? null,
  sellerItemId: line.sellerItemId ?? null,
  buyerItemId: line.buyerItemId ?? null,
  name: line.name ?? null,
  vatCategory: line.vatCategory ?? null,
  vatRate: line.vatRate ?? null,
  allowances: line.allowances ?? [],
  charges: line.charges ?? [],
});

/** The manifest's fields from the normal form. */
function fieldsOf(invoice: Invoice): Record<string, unknown> {
  const { totals, delivery } = invoice;
  return {
    number: invoice.number,
    issueDate: invoice.issueDate,
    typeCode: invoice.typeCode,
    currency: invoice.currency,
    customizationId: invoice.specification ?? null,
    profileId: invoice.process ?? null,
    dueDate: invoice.dueDate ?? null,
    orderRef: invoice.orderRef ?? null,
    salesOrderRef: invoice.salesOrderRef ?? null,
    despatchRef: invoice.despatchRef ?? null,
    receiptRef: invoice.receiptRef ?? null,
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
    totals: {
      lineNet: totals.lineNet ?? null,
      allowances: totals.allowances ?? null,
      charges: totals.charges ?? null,
      withoutVat: totals.withoutVat ?? null,
      vat: totals.vat ?? null,
      withVat: totals.withVat,
      prepaid: totals.prepaid ?? null,
      rounding: totals.rounding ?? null,
      payable: totals.payable,
    },
    lines: invoice.lines.map(lineOf),
  };
}

describe(PRESENT ? 'the corpus of real invoices' : 'the corpus of real invoices (NOT RUN: ../shared/corpus/einvoice is not there)', () => {
  it('is there, or says in its name that it is not', () => {
    expect(manifest.files.length > 0).toBe(PRESENT);
  });

  for (const expected of manifest.files.filter(({ syntax }) => syntax.startsWith('UBL'))) {
    it(`reads ${expected.file} as its manifest says`, () => {
      const invoice = readDocument(read(expected.file)) as Invoice;
      expect(expected).toMatchObject(fieldsOf(invoice));
      expect(invoice.kind).toBe(expected.syntax === 'UBL-CreditNote' ? 'creditNote' : 'invoice');
    });
  }

  for (const expected of manifest.files.filter(({ syntax }) => !syntax.startsWith('UBL'))) {
    it(`says of ${expected.file} that its form is not read`, () => {
      expect(() => readDocument(read(expected.file))).toThrow(/read are UBL 2\.1/);
    });
  }

  for (const [file, expected] of Object.entries(manifest.hostileExpected).filter(([name]) => name.endsWith('.xml'))) {
    it(`refuses hostile ${file}`, () => {
      let code = 'accepted';
      try {
        readDocument(read(`hostile/${file}`));
      } catch (error) {
        code = faultCode(error);
      }
      expect(expected.split(' ')[0]).toBe(code);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    });
  }
});
