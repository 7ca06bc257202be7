import { utf8 } from '../../protocol/bytes.ts';
import { canonical } from '../../protocol/canonical.ts';
import { Fault } from '../../protocol/fault.ts';
import { asJson, type Document } from './document.ts';
import type { XmlElement } from './element.ts';
import { MAX_JSON_BYTES, readJsonDocument } from './json.ts';
import { readUbl } from './ubl.ts';
import { parseXml } from './xml.ts';

/** A hub entry holds 1,000,000 bytes (ledger/ledger.ts); archive hash and content type come on top of the normal form. */
const MAX_NORMAL_BYTES = 990_000;

interface XmlForm {
  readonly namespace: string;
  readonly local: string;
  readonly read: (root: XmlElement) => Document;
}

/** Forms that are read, told by the root element's qualified name: file names and prefixes say nothing. Another syntax is another row. */
const XML_FORMS: readonly XmlForm[] = [
  { namespace: 'urn:oasis:names:specification:ubl:schema:xsd:Invoice-2', local: 'Invoice', read: readUbl },
  { namespace: 'urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2', local: 'CreditNote', read: readUbl },
];

/** Earlier generations of forms that are read. */
const OUTDATED: readonly RegExp[] = [/^urn:oasis:names:specification:ubl:schema:xsd:(Invoice|CreditNote)-1(\.\d+)?$/];

const READ = 'read are UBL 2.1 Invoice and CreditNote as XML, and order and despatchAdvice as JSON';

function readXml(bytes: Uint8Array): Document {
  const root = parseXml(bytes);
  const form = XML_FORMS.find(({ namespace, local }) => namespace === root.namespace && local === root.local);
  if (form !== undefined) return form.read(root);
  const name = `{${root.namespace.slice(0, 120)}}${root.local.slice(0, 60)}`;
  if (OUTDATED.some((pattern) => pattern.test(root.namespace)))
    throw new Fault('UNSUPPORTED_VERSION', `the document is ${name}, a version that is no longer read: send UBL 2.1`);
  throw new Fault('UNKNOWN_DOCUMENT', `the root element is ${name}; ${READ}`);
}

/** What the first bytes look like; a declared content type is a hint that is wrong too often to decide. */
function looksLike(bytes: Uint8Array): 'json' | 'pdf' | 'xml' {
  const head = String.fromCharCode(...bytes.subarray(0, 64));
  if (head.startsWith('%PDF-')) return 'pdf';
  // XML never begins like a JSON text of whatever kind.
  return /^(\u00EF\u00BB\u00BF)?\s*([{["]|-?\d|(null|true|false)\s*$)/.test(head) ? 'json' : 'xml';
}

/**
 * Reads a document's bytes into the normal form. Pure: no archive, no ledger.
 * @throws Fault EMPTY, UNKNOWN_DOCUMENT, UNSUPPORTED_VERSION, MISSING_MANDATORY, VALUE_INVALID, JSON_INVALID, DOCTYPE_FORBIDDEN,
 * XML_NOT_WELL_FORMED, LIMIT_DEPTH, LIMIT_SIZE
 */
export function readDocument(bytes: Uint8Array): Document {
  const document = readForm(bytes);
  const length = utf8(canonical(asJson(document))).length;
  if (length > MAX_NORMAL_BYTES)
    throw new Fault('LIMIT_SIZE', `the document comes to ${length} bytes, more than ${MAX_NORMAL_BYTES}: split it`);
  return document;
}

function readForm(bytes: Uint8Array): Document {
  if (bytes.length === 0) throw new Fault('EMPTY', 'the document is empty: no bytes were sent');
  const form = looksLike(bytes);
  if (form === 'pdf') throw new Fault('UNKNOWN_DOCUMENT', `the document is a PDF; ${READ}`);
  if (form === 'xml') return readXml(bytes);
  if (bytes.length > MAX_JSON_BYTES)
    throw new Fault('LIMIT_SIZE', `${bytes.length} bytes of JSON, more than ${MAX_JSON_BYTES}: split the document`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw new Fault('JSON_INVALID', 'the document is not UTF-8: send JSON as UTF-8');
  }
  return readJsonDocument(text);
}
