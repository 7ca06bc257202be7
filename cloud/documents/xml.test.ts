import { describe, expect, it } from 'vitest';
import { utf8 } from '../../protocol/bytes.ts';
import { faultCode } from '../../protocol/fault.ts';
import { every, first, textAt } from './element.ts';
import { HOSTILE } from './hostile.fixture.ts';
import { readDocument } from './intake.ts';
import { parseXml } from './xml.ts';

const CBC = 'urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2';

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return faultCode(error);
  }
  return 'accepted';
}

describe('a hostile document', () => {
  for (const { name, code, bytes } of HOSTILE) {
    it(`is refused with ${code}: ${name}`, () => {
      expect(codeOf(() => readDocument(bytes()))).toBe(code);
    });
  }

  it('leaves the prototype of objects as it was', () => {
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('the tree of a document', () => {
  it('finds elements by namespace whatever their prefix, in document order', () => {
    const root = parseXml(utf8(`<r xmlns:x="${CBC}"><x:ID>1</x:ID><ID>other</ID><x:ID> 2 </x:ID></r>`));
    expect(every(root, 'cbc:ID').map((element) => element.text)).toEqual(['1', '2']);
    expect(textAt(root, 'cbc:Missing')).toBeUndefined();
  });

  it('joins text around comments and CDATA, and drops attachments', () => {
    const root = parseXml(
      utf8(
        `<r xmlns="${CBC}"><Note>a<!-- x --><![CDATA[<b>]]>c</Note><EmbeddedDocumentBinaryObject>AAAA</EmbeddedDocumentBinaryObject></r>`,
      ),
    );
    expect(textAt(root, 'cbc:Note')).toBe('a<b>c');
    expect(first(root, 'cbc:EmbeddedDocumentBinaryObject')?.text).toBe('');
  });

  it('keeps attributes by local name, and by namespace where they have a prefix', () => {
    const root = parseXml(utf8('<r a="1" xmlns:q="urn:q" q:a="2"/>'));
    expect(root.attributes.get('a')).toBe('1');
    expect(root.attributes.get('{urn:q}a')).toBe('2');
  });

  it('is the same wherever a chunk ends: characters and tags may straddle it', () => {
    for (const filler of [65_520, 65_530, 65_536 - 12]) {
      const root = parseXml(utf8(`<r xmlns="${CBC}"><!--${'x'.repeat(filler)}--><Note>é€😀</Note></r>`));
      expect(textAt(root, 'cbc:Note')).toBe('é€😀');
    }
  });

  it('reads ISO-8859-1 and UTF-16 by declaration and byte order mark', () => {
    const latin = Uint8Array.from(
      [...`<?xml version="1.0" encoding="ISO-8859-1"?><r xmlns="${CBC}"><Note>é</Note></r>`].map((c) => c.charCodeAt(0)),
    );
    expect(textAt(parseXml(latin), 'cbc:Note')).toBe('é');
    const wide = [0xfeff, ...[...`<r xmlns="${CBC}"><Note>é</Note></r>`].map((c) => c.charCodeAt(0))];
    const bytes = Uint8Array.from(wide.flatMap((unit) => [unit & 0xff, unit >> 8]));
    expect(textAt(parseXml(bytes), 'cbc:Note')).toBe('é');
  });

  it('accepts the word DOCTYPE in a comment', () => {
    expect(parseXml(utf8('<!-- <!DOCTYPE a> --><r/>')).local).toBe('r');
  });
});
