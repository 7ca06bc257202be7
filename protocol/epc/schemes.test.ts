import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../bytes.ts';
import { decodeEpcHex } from '../epc.ts';
import vectors from '../vectors/epcforms.json' with { type: 'json' };
import { encodeElements, encodeTagUri, SCHEMES } from './encode.ts';
import { anyAgency, anyClassic, anyPlus } from './epcs.fixture.ts';
import { readEpc } from './reading.ts';
import { type EpcReport, reportEpc } from './report.ts';
import { CLASSICS, PLUSES } from './schemes.ts';

interface Vector {
  readonly hex: string;
  readonly says?: EpcReport;
  readonly code?: string;
  readonly why?: string;
}
const { published, own, refused } = vectors as Readonly<Record<'published' | 'own' | 'refused', readonly Vector[]>>;

/** Writes again what was read; the company prefix length comes from the tag itself. */
function again(hex: string): string {
  const reading = readEpc(hex);
  if (reading.kind !== 'epc') throw new RangeError(`${hex} is no EPC`);
  const { scheme, filter, uri, elements, hostname } = reading.epc;
  const says = reportEpc(hex) as EpcReport;
  if (elements.length === 0) return encodeTagUri(says.tagUri as string);
  const more = { ...(uri === undefined ? {} : { prefixDigits: uri[0]?.length ?? 0 }), ...(hostname === undefined ? {} : { hostname }) };
  const written = encodeElements({ scheme, filter: filter ?? 0, elements, ...more });
  if (uri !== undefined) expect(encodeTagUri(says.tagUri as string)).toBe(written);
  return written;
}

const words = (hex: string): string => hex.padEnd(Math.ceil(hex.length / 4) * 4, '0');

describe('every EPC scheme of TDS 2.3', () => {
  it.each(published)('$says.scheme $hex is read and written as published', ({ hex, says }) => {
    expect(reportEpc(hex)).toEqual(says);
    expect(again(hex)).toBe(words(hex));
  });

  it('has a published vector, but for the deprecated GDTI-113', () => {
    const seen = new Set(published.map(({ says }) => says?.scheme));
    expect(SCHEMES.filter((scheme) => !seen.has(scheme))).toEqual(['gdti-113']);
    expect(seen.size).toBe(45);
  });

  it.each(own)('$why: $hex', ({ hex, says }) => {
    expect(reportEpc(hex)).toEqual(says);
    if (says?.scheme !== 'raw') expect(reportEpc(again(hex))).toEqual(says);
  });

  it.each(refused)('$why is told as such: $hex', ({ hex, says, code }) => {
    if (code === undefined) expect(reportEpc(hex)).toEqual(says);
    else expect(reportEpc(hex)).toMatchObject({ error: { code } });
  });

  it.each(CLASSICS)('$scheme gives back every tag URI and every identity', (classic) => {
    fc.assert(
      fc.property(anyClassic(classic), ({ uri, prefixDigits }) => {
        const hex = encodeTagUri(uri);
        const says = reportEpc(hex) as EpcReport;
        expect(says.tagUri).toBe(uri);
        expect(says.pureUri).toBe(uri.replace(/^urn:epc:tag:([a-z]+)-\w+:\d\./, 'urn:epc:id:$1:'));
        expect(again(hex)).toBe(hex);
        const reading = readEpc(hex);
        expect(reading.kind === 'epc' ? reading.epc.uri?.[0]?.length : undefined).toBe(prefixDigits);
      }),
    );
  });

  it('gives back every URI that is no GS1 key', () => {
    fc.assert(
      fc.property(anyAgency, (uri) => {
        expect((reportEpc(encodeTagUri(uri)) as EpcReport).tagUri).toBe(uri);
      }),
    );
  });

  it.each(PLUSES)('$scheme gives back keys, dates, data behind the EPC and hostnames', (plus) => {
    fc.assert(
      fc.property(anyPlus(plus), (identity) => {
        const hex = encodeElements(identity);
        // Longer than a tag: only the length is wrong with it.
        fc.pre(hex.length <= 124);
        const reading = readEpc(hex);
        if (reading.kind !== 'epc') throw new RangeError(JSON.stringify(reading));
        const { scheme, filter, elements, hostname } = reading.epc;
        const named = identity.elements.filter(([ai, value]) => ai !== '254' || value !== '0');
        expect({ scheme, filter, elements, hostname }).toEqual({
          scheme,
          filter: identity.filter,
          elements: named,
          hostname: identity.hostname,
        });
        expect(reportEpc(again(hex))).toEqual(reportEpc(hex));
      }),
    );
  });

  it('names an SGTIN-96 and an SSCC-96 as the fast decoder does', () => {
    const fast = CLASSICS.filter(({ scheme }) => scheme === 'sgtin-96' || scheme === 'sscc-96').map(anyClassic);
    fc.assert(
      fc.property(fc.oneof(...fast), ({ uri }) => {
        const hex = encodeTagUri(uri);
        const { scheme, filter, gtin, sscc, serial } = reportEpc(hex) as EpcReport;
        const { ...epc } = decodeEpcHex(hex);
        expect(epc).toEqual(scheme === 'sscc-96' ? { scheme, sscc, filter } : { scheme, gtin, serial: Number(serial), filter });
      }),
    );
  });
});

describe('a tag that holds anything', () => {
  const headers = [...CLASSICS, ...PLUSES].map(({ header }) => header).concat(0x00, 0x2f, 0x35, 0x3b, 0xe2, 0xff);
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 70 }),
    fc.tuple(fc.constantFrom(...headers), fc.uint8Array({ maxLength: 61 })).map(([header, rest]) => Uint8Array.of(header, ...rest)),
    fc.tuple(fc.constantFrom(...published), fc.nat(), fc.nat(255)).map(([{ hex }, at, value]) => {
      const changed = Uint8Array.from(words(hex).match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
      changed[at % changed.length] = value;
      return changed;
    }),
  );

  it('is read, raw or malformed, and never throws; what is read can be written again', () => {
    fc.assert(
      fc.property(bytes, (memory) => {
        const hex = toHex(memory);
        const says = reportEpc(hex);
        if ('error' in says) expect(says.error).toEqual({ code: expect.stringMatching(/^EPC_/), message: expect.any(String) });
        else if (says.scheme === 'raw') expect(hex.endsWith(says.hex as string)).toBe(true);
        else expect(reportEpc(again(hex))).toEqual(says);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is read alike by the fast decoder and the complete one', () => {
    const usual = fc.tuple(fc.constantFrom(0x30, 0x31), fc.uint8Array({ minLength: 11, maxLength: 11 }), fc.boolean());
    fc.assert(
      fc.property(usual, ([header, rest, zeros]) => {
        const hex = toHex(Uint8Array.of(header, ...rest.map((byte, i) => (zeros && i > 7 ? 0 : byte))));
        const fast = decodeEpcHex(hex);
        const says = reportEpc(hex);
        if (fast.scheme === 'raw') expect('error' in says).toBe(true);
        else expect(says).toMatchObject(fast.scheme === 'sscc-96' ? { sscc: fast.sscc } : { gtin: fast.gtin, serial: String(fast.serial) });
      }),
      { numRuns: 2_000 },
    );
  });

  it('never throws, whatever text stands in its place', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => void reportEpc(text)));
  });
});
