import { SaxesParser, type SaxesTagNS } from 'saxes';
import { Fault } from '../../protocol/fault.ts';
import { XmlElement } from './element.ts';
import { decoded } from './encoding.ts';

/** What a document may weigh. Each bound is far above any real invoice and far below what could harm a Worker of 128 MB. */
export const XML_LIMITS = {
  /** Attachments of 1 to 3 MB are common; platforms of the French reform cap a file at 20 MB and less. */
  bytes: 20_000_000,
  /** UBL nests 10 levels; the parser's namespace look-up costs the square of the depth. */
  depth: 64,
  /** 5,000 lines of 60 elements. */
  elements: 300_000,
  /** UBL puts at most 5 attributes and a dozen namespace declarations on an element. */
  attributes: 64,
  /** The longest text of an invoice is a page of terms. Attachments are not kept, see UNKEPT. */
  textCharacters: 100_000,
  /** Fed in pieces, so that a limit acts before the rest is looked at. */
  chunkBytes: 65_536,
} as const;

/** Base64 of attachments (BT-125): megabytes that no mapping reads, and that the archived original holds anyway. */
const UNKEPT: ReadonlySet<string> = new Set(['EmbeddedDocumentBinaryObject', 'AttachmentBinaryObject']);

const size = (what: string, limit: number, line: number): Fault =>
  new Fault('LIMIT_SIZE', `line ${line}: more than ${limit} ${what}; send the document without that, or split it`);

class TreeBuilder {
  root: XmlElement | undefined;
  readonly #open: XmlElement[] = [];
  readonly #parser = new SaxesParser({ xmlns: true });
  #elements = 0;
  #attributes = 0;
  #depth = 0;

  constructor() {
    const parser = this.#parser;
    parser.on('error', (error) => {
      throw new Fault('XML_NOT_WELL_FORMED', `the XML breaks off at ${error.message}`.slice(0, 300), { line: parser.line });
    });
    parser.on('doctype', () => {
      throw doctype();
    });
    parser.on('opentagstart', () => this.#tagStarts());
    parser.on('attribute', () => {
      if (++this.#attributes > XML_LIMITS.attributes) throw size('attributes on one element', XML_LIMITS.attributes, parser.line);
    });
    parser.on('opentag', (tag) => this.#opened(tag as SaxesTagNS));
    parser.on('closetag', () => this.#closed());
    parser.on('text', (text) => this.#addText(text));
    parser.on('cdata', (text) => this.#addText(text));
  }

  push(text: string): void {
    this.#parser.write(text);
  }

  close(): void {
    this.#parser.close();
  }

  #tagStarts(): void {
    this.#attributes = 0;
    if (++this.#depth > XML_LIMITS.depth)
      throw new Fault(
        'LIMIT_DEPTH',
        `line ${this.#parser.line}: elements nested deeper than ${XML_LIMITS.depth} levels; no invoice needs that`,
      );
    if (++this.#elements > XML_LIMITS.elements) throw size('elements', XML_LIMITS.elements, this.#parser.line);
  }

  #opened(tag: SaxesTagNS): void {
    const element = new XmlElement(tag.uri, tag.local, this.#parser.line);
    const attributes = Object.values(tag.attributes);
    if (attributes.length > 0)
      element.attributes = new Map(attributes.map(({ uri, local, value }) => [uri === '' ? local : `{${uri}}${local}`, value]));
    const parent = this.#open.at(-1);
    if (parent === undefined) this.root = element;
    else parent.children.push(element);
    this.#open.push(element);
  }

  #closed(): void {
    this.#depth--;
    const element = this.#open.pop();
    if (element !== undefined) element.text = element.text.trim();
  }

  #addText(text: string): void {
    const element = this.#open.at(-1);
    if (element === undefined || UNKEPT.has(element.local)) return;
    if (element.text.length + text.length > XML_LIMITS.textCharacters)
      throw size('characters in one element', XML_LIMITS.textCharacters, this.#parser.line);
    element.text += text;
  }
}

const doctype = (): Fault =>
  new Fault(
    'DOCTYPE_FORBIDDEN',
    'the document has a DOCTYPE; no e-invoice needs one and it can pull in files or grow without end: remove it',
  );

/**
 * True when a DOCTYPE stands before the root element. Looked for before parsing, because the parser reports a DOCTYPE only when it
 * has read all of it. A comment may hold the word: it is skipped as XML 1.0 section 2.8 orders the prolog.
 */
function declaresDoctype(start: string): boolean {
  const prolog = /^(?:\uFEFF|\s+|<\?[\s\S]*?\?>|<!--[\s\S]*?-->)+/.exec(start)?.[0] ?? '';
  return start.startsWith('<!DOCTYPE', prolog.length);
}

/**
 * Parses a document into a tree of elements, namespaces resolved, attachments left out.
 * @throws Fault EMPTY, DOCTYPE_FORBIDDEN, XML_NOT_WELL_FORMED (with line), LIMIT_DEPTH, LIMIT_SIZE
 */
export function parseXml(bytes: Uint8Array): XmlElement {
  if (bytes.length > XML_LIMITS.bytes)
    throw new Fault(
      'LIMIT_SIZE',
      `${bytes.length} bytes, more than the ${XML_LIMITS.bytes} that are read: send it without its attachments`,
    );
  const builder = new TreeBuilder();
  let blank = true;
  let fed = false;
  for (const text of decoded(bytes, XML_LIMITS.chunkBytes)) {
    if (!fed && declaresDoctype(text)) throw doctype();
    fed = true;
    if (blank) blank = text.trim() === '';
    if (!blank) builder.push(text);
  }
  if (blank) throw new Fault('EMPTY', 'the document is empty: nothing was sent, or only blanks');
  builder.close();
  if (builder.root === undefined) throw new Fault('XML_NOT_WELL_FORMED', 'the document has no root element');
  return builder.root;
}
