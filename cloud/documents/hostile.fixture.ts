import { utf8 } from '../../protocol/bytes.ts';

/** Documents that try to do harm, as text made when asked for: what a reader must refuse, with the code it must give. */

const INVOICE = 'xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"';

/** Nine entities of ten uses of the one before: a thousand million characters, were they expanded. */
function billionLaughs(): string {
  const entities = Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`);
  return `<?xml version="1.0"?><!DOCTYPE Invoice [<!ENTITY l0 "ha">${entities.join('')}]><Invoice ${INVOICE}>&l9;</Invoice>`;
}

const nested = (levels: number): string => `<Invoice ${INVOICE}>${'<a>'.repeat(levels)}${'</a>'.repeat(levels)}</Invoice>`;

const attributes = (count: number): string => `<Invoice ${INVOICE} ${Array.from({ length: count }, (_, i) => `a${i}=""`).join(' ')}/>`;

export interface Hostile {
  readonly name: string;
  readonly code: string;
  /** Made when asked for: some are megabytes. */
  readonly bytes: () => Uint8Array;
}

const text = (name: string, code: string, make: () => string): Hostile => ({ name, code, bytes: () => utf8(make()) });

export const HOSTILE: readonly Hostile[] = [
  text('an entity bomb', 'DOCTYPE_FORBIDDEN', billionLaughs),
  text(
    'a file pulled in by an entity',
    'DOCTYPE_FORBIDDEN',
    () => `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><Invoice ${INVOICE}>&x;</Invoice>`,
  ),
  text(
    'a DOCTYPE behind a comment that names none',
    'DOCTYPE_FORBIDDEN',
    () => `<!-- no DOCTYPE -->\n<?pi?>\n<!DOCTYPE a><Invoice ${INVOICE}/>`,
  ),
  text('a DOCTYPE behind more comment than one chunk', 'DOCTYPE_FORBIDDEN', () => `<!--${'-x'.repeat(60_000)}--><!DOCTYPE a><a/>`),
  text('65 levels', 'LIMIT_DEPTH', () => nested(65)),
  text('200,000 levels', 'LIMIT_DEPTH', () => nested(200_000)),
  text('65 attributes', 'LIMIT_SIZE', () => attributes(65)),
  text('50,000 attributes', 'LIMIT_SIZE', () => attributes(50_000)),
  text('300,001 elements', 'LIMIT_SIZE', () => `<Invoice ${INVOICE}>${'<a/>'.repeat(300_001)}</Invoice>`),
  text('a text without end', 'LIMIT_SIZE', () => `<Invoice ${INVOICE}><a>${'x'.repeat(100_001)}</a></Invoice>`),
  text('more than 20 MB', 'LIMIT_SIZE', () => `<Invoice ${INVOICE}>${' '.repeat(20_000_000)}</Invoice>`),
  text('an invoice cut off', 'XML_NOT_WELL_FORMED', () => `<Invoice ${INVOICE}><a>1`),
  text('two roots', 'XML_NOT_WELL_FORMED', () => `<Invoice ${INVOICE}/><Invoice ${INVOICE}/>`),
  text('an attribute twice', 'XML_NOT_WELL_FORMED', () => `<Invoice ${INVOICE} a="1" a="2"/>`),
  text('a wrong end tag', 'XML_NOT_WELL_FORMED', () => `<Invoice ${INVOICE}><a><b></a></Invoice>`),
  text('an unknown entity', 'XML_NOT_WELL_FORMED', () => `<Invoice ${INVOICE}>&nbsp;</Invoice>`),
  text('a control character', 'XML_NOT_WELL_FORMED', () => `<Invoice ${INVOICE}>\u0001</Invoice>`),
  text('a prefix without a namespace', 'XML_NOT_WELL_FORMED', () => `<Invoice ${INVOICE}><cbc:ID>1</cbc:ID></Invoice>`),
  text('an encoding nobody reads', 'XML_NOT_WELL_FORMED', () => `<?xml version="1.0" encoding="EBCDIC-CP-FR"?><Invoice ${INVOICE}/>`),
  { name: 'bytes that are not UTF-8', code: 'XML_NOT_WELL_FORMED', bytes: () => new Uint8Array([0x3c, 0x61, 0x3e, 0xff, 0xfe, 0x3c]) },
  text('plain words', 'XML_NOT_WELL_FORMED', () => 'hello'),
  text(
    'names of object prototypes',
    'MISSING_MANDATORY',
    () => `<Invoice ${INVOICE}><__proto__><polluted>1</polluted></__proto__><constructor/></Invoice>`,
  ),
  text('a namespace of another make', 'UNKNOWN_DOCUMENT', () => '<Invoice xmlns="urn:example:not-ubl"/>'),
  text('an invoice of UBL 1', 'UNSUPPORTED_VERSION', () => '<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-1.0"/>'),
  text('a PDF of nothing', 'PDF_NO_INVOICE', () => '%PDF-1.7\n'),
  text('nothing but blanks', 'EMPTY', () => ' \n\t '),
  { name: 'nothing', code: 'EMPTY', bytes: () => new Uint8Array() },
];
