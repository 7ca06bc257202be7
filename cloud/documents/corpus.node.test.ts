import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { faultCode } from '../../protocol/fault.ts';
import { read } from './intake.ts';
import { printed } from './printed.ts';

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

const bytesOf = (name: string): Uint8Array => readFileSync(new URL(name, CORPUS));
const manifest: Manifest = PRESENT
  ? (JSON.parse(new TextDecoder().decode(bytesOf('manifest.json'))) as Manifest)
  : { files: [], hostileExpected: {} };

/** What `hub -- invoice` prints of a file, as JSON brings it. */
const printedOf = (name: string): Record<string, unknown> =>
  JSON.parse(JSON.stringify(printed(read(bytesOf(name))))) as Record<string, unknown>;

/** What the manifest says about the invoice itself, rather than about the file or the arithmetic. */
const FIELDS = [
  ...['syntax', 'customizationId', 'profileId', 'number', 'issueDate', 'typeCode', 'currency', 'dueDate', 'orderRef', 'salesOrderRef'],
  ...['despatchRef', 'receiptRef', 'buyerReference', 'precedingInvoices', 'seller', 'buyer', 'delivery', 'totals', 'lines'],
  ...['embeddedName', 'attachments'],
];

function expectedOf(expected: Expected): Record<string, unknown> {
  const fields = Object.fromEntries(FIELDS.filter((field) => field in expected).map((field) => [field, expected[field]]));
  const lines = (expected['lines'] as Record<string, unknown>[]).map(({ lineFormulaDiff: _, ...line }) => line);
  return { ...fields, lines };
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return faultCode(error);
  }
  return 'accepted';
}

describe(PRESENT ? 'the corpus of real invoices' : 'the corpus of real invoices (NOT RUN: ../shared/corpus/einvoice is not there)', () => {
  it('is there, or says in its name that it is not', () => {
    expect(manifest.files.length > 0).toBe(PRESENT);
  });

  for (const expected of manifest.files.filter((one) => one['error'] === undefined)) {
    it(`reads ${expected.file} as its manifest says, every field of it`, () => {
      const got = printedOf(expected.file);
      expect(got).toMatchObject(expectedOf(expected));
      expect((got['lines'] as unknown[]).length).toBe((expected['lines'] as unknown[]).length);
    });
  }

  for (const expected of manifest.files.filter((one) => one['error'] === undefined)) {
    it(`finds in ${expected.file} what the published rules find`, () => {
      const failed = (expected['en16931FailedRules'] as string[]).filter((rule) => /^BR-/.test(rule));
      const found = (printedOf(expected.file)['findings'] as { code: string }[])
        .map(({ code }) => code)
        .filter((code) => /^BR-/.test(code));
      expect([...new Set(found)].sort()).toEqual(failed.sort());
    });
  }

  for (const { file, error, syntax } of manifest.files.filter((one) => one['error'] !== undefined)) {
    it(`says of ${file} that it is no invoice that is read: ${String(error)}`, () => {
      expect(codeOf(() => read(bytesOf(file)))).toBe(syntax === 'ZUGFeRD1' ? 'UNSUPPORTED_VERSION' : 'PDF_NO_INVOICE');
    });
  }

  for (const [file, expected] of Object.entries(manifest.hostileExpected)) {
    it(`refuses hostile ${file}`, () => {
      const code = codeOf(() => read(bytesOf(`hostile/${file}`)));
      expect(expected.split(/[ ;]/)).toContain(code);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    });
  }
});
