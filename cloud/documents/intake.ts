import { utf8 } from '../../protocol/bytes.ts';
import { canonical } from '../../protocol/canonical.ts';
import { Fault, faultCode } from '../../protocol/fault.ts';
import { readCii } from './cii.ts';
import { asJson, type Document, type RuleFinding } from './document.ts';
import type { XmlElement } from './element.ts';
import { MAX_JSON_BYTES, readJsonDocument } from './json.ts';
import { type EmbeddedInvoice, invoiceInPdf } from './pdf/invoice.ts';
import { ruleFindings } from './rules/rules.ts';
import type { InvoiceReading } from './terms.ts';
import { readUbl } from './ubl.ts';
import { parseXml } from './xml.ts';

/** A hub entry holds 1,000,000 bytes (ledger/ledger.ts); archive hash, content type and 100 findings come on top of the normal form. */
const MAX_NORMAL_BYTES = 970_000;

interface XmlForm {
  readonly namespace: string;
  readonly local: string;
  readonly read: (root: XmlElement) => InvoiceReading;
}

/** Forms that are read, told by the root element's qualified name: file names and prefixes say nothing. Another syntax is another row. */
const XML_FORMS: readonly XmlForm[] = [
  { namespace: 'urn:oasis:names:specification:ubl:schema:xsd:Invoice-2', local: 'Invoice', read: readUbl },
  { namespace: 'urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2', local: 'CreditNote', read: readUbl },
  // D16B and D22B share the namespace.
  { namespace: 'urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100', local: 'CrossIndustryInvoice', read: readCii },
];

/** Earlier generations of forms that are read: UBL 1, ZUGFeRD 1. */
const OUTDATED: readonly RegExp[] = [
  /^urn:oasis:names:specification:ubl:schema:xsd:(Invoice|CreditNote)-1(\.\d+)?$/,
  /^urn:ferd:CrossIndustryDocument:invoice:1p0/,
];

const READ = 'read are UBL 2.1 Invoice and CreditNote, CII and Factur-X or ZUGFeRD 2 PDFs, and order and despatchAdvice as JSON';

/** What a document was read as. An invoice also says in which syntax, what breaks the rules, and where in a PDF it stood. */
export interface Reading {
  readonly document: Document;
  readonly syntax?: InvoiceReading['syntax'];
  readonly findings: readonly RuleFinding[];
  readonly embedded?: Pick<EmbeddedInvoice, 'name' | 'attachments'>;
}

function readXml(bytes: Uint8Array): Reading {
  const root = parseXml(bytes);
  const form = XML_FORMS.find(({ namespace, local }) => namespace === root.namespace && local === root.local);
  if (form !== undefined) {
    const reading = form.read(root);
    return { document: reading.invoice, syntax: reading.syntax, findings: ruleFindings(reading) };
  }
  const name = `{${root.namespace.slice(0, 120)}}${root.local.slice(0, 60)}`;
  if (OUTDATED.some((pattern) => pattern.test(root.namespace)))
    throw new Fault('UNSUPPORTED_VERSION', `the document is ${name}, a version that is no longer read: send UBL 2.1 or CII D16B`);
  throw new Fault('UNKNOWN_DOCUMENT', `the root element is ${name}; ${READ}`);
}

function readPdf(bytes: Uint8Array): Reading {
  const { name, attachments, bytes: xml } = invoiceInPdf(bytes);
  try {
    return { ...readXml(xml), embedded: { name, attachments } };
  } catch (error) {
    const code = faultCode(error);
    if (code !== 'UNKNOWN_DOCUMENT' && code !== 'EMPTY') throw error;
    throw new Fault('PDF_NO_INVOICE', `the attachment ${name.slice(0, 80)} of the PDF is no invoice: ${(error as Error).message}`);
  }
}

/** What the first bytes look like; a declared content type is a hint that is wrong too often to decide. */
function looksLike(bytes: Uint8Array): 'json' | 'pdf' | 'xml' {
  const head = String.fromCharCode(...bytes.subarray(0, 64));
  // Some writers put a byte order mark or a line end before it.
  if (/^(\u00EF\u00BB\u00BF)?\s*%PDF-/.test(head)) return 'pdf';
  // XML never begins like a JSON text of whatever kind.
  return /^(\u00EF\u00BB\u00BF)?\s*([{["]|-?\d|(null|true|false)\s*$)/.test(head) ? 'json' : 'xml';
}

/**
 * Reads a document's bytes into the normal form, with what breaks its rules. Pure: no archive, no ledger.
 * @throws Fault EMPTY, UNKNOWN_DOCUMENT, UNSUPPORTED_VERSION, MISSING_MANDATORY, VALUE_INVALID, JSON_INVALID, DOCTYPE_FORBIDDEN,
 * XML_NOT_WELL_FORMED, LIMIT_DEPTH, LIMIT_SIZE, PDF_NO_INVOICE
 */
export function read(bytes: Uint8Array): Reading {
  const reading = readForm(bytes);
  const length = utf8(canonical(asJson(reading.document))).length;
  if (length > MAX_NORMAL_BYTES)
    throw new Fault('LIMIT_SIZE', `the document comes to ${length} bytes, more than ${MAX_NORMAL_BYTES}: split it`);
  return reading;
}

/** The normal form alone. @throws as read */
export const readDocument = (bytes: Uint8Array): Document => read(bytes).document;

function readForm(bytes: Uint8Array): Reading {
  if (bytes.length === 0) throw new Fault('EMPTY', 'the document is empty: no bytes were sent');
  const form = looksLike(bytes);
  if (form === 'pdf') return readPdf(bytes);
  if (form === 'xml') return readXml(bytes);
  if (bytes.length > MAX_JSON_BYTES)
    throw new Fault('LIMIT_SIZE', `${bytes.length} bytes of JSON, more than ${MAX_JSON_BYTES}: split the document`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw new Fault('JSON_INVALID', 'the document is not UTF-8: send JSON as UTF-8');
  }
  return { document: readJsonDocument(text), findings: [] };
}
