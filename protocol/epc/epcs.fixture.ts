import fc from 'fast-check';
import { checkDigitOf } from '../gtin.ts';
import type { Identity } from './encode.ts';
import { urnEscape } from './forms.ts';
import type { Element } from './identifiers.ts';
import { type Classic, type Plus, PREFIX_BITS } from './schemes.ts';

const SET_82 = '!"%&\'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz';
const SET_39 = '#-/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';

const of = (characters: string, minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...characters), minLength, maxLength });
const digits = (min: number, max = min): fc.Arbitrary<string> => of('0123456789', min, max);
const upTo = (max: bigint): fc.Arbitrary<string> => fc.bigInt({ min: 0n, max }).map(String);
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** Texts that suit each of the encodings of table E. */
export const anyText = (max: number): fc.Arbitrary<string> =>
  fc.oneof(
    digits(1, max),
    of('0123456789ABCDEF', 1, max),
    of('0123456789abcdef', 1, max),
    of(SET_39.replace('#', '').replace('/', '.:'), 1, max),
    of(SET_82, 1, max),
  );

function anyTail({ tail }: Classic): fc.Arbitrary<string[]> {
  switch (tail.kind) {
    case 'integer':
      return upTo(least(2n ** BigInt(tail.bits), 10n ** BigInt(tail.digits ?? 30)) - 1n).map((text) => [text]);
    case 'numeric':
      return digits(1, tail.digits).map((text) => [text]);
    case 'text':
      return of(SET_82, 1, tail.chars).map((text) => [text]);
    default:
      return fc.constant([]);
  }
}

function anyReference({ reference, span, digits: all }: Classic, prefixDigits: number): fc.Arbitrary<string> {
  const left = all - prefixDigits;
  if (reference === 'digits') return digits(left);
  if (reference === 'integer')
    return upTo(least(2n ** BigInt(span - (PREFIX_BITS[12 - prefixDigits] as number)), 10n ** BigInt(left)) - 1n);
  return of(reference === 'text' ? SET_82 : SET_39, 1, left);
}

/** A tag URI of the scheme with its company prefix length. */
export const anyClassic = (classic: Classic): fc.Arbitrary<{ uri: string; prefixDigits: number }> =>
  fc.integer({ min: 6, max: 12 }).chain((prefixDigits) =>
    fc
      .tuple(
        fc.integer({ min: 0, max: 7 }),
        digits(prefixDigits),
        anyReference(classic, prefixDigits),
        classic.ai === '8006' ? fc.tuple(digits(2), digits(2)) : fc.constant([]),
        anyTail(classic),
      )
      .map(([filter, prefix, reference, pieces, tail]) => ({
        uri: `urn:epc:tag:${classic.scheme}:${filter}.${[prefix, reference, ...pieces, ...tail].map(urnEscape).join('.')}`,
        prefixDigits,
      })),
  );

const CAGE = 'ABCDEFGHJKLMNPQRSTUVWXYZ0123456789';
/** Tag URIs of the schemes that are no GS1 keys. */
export const anyAgency: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(upTo(2n ** 28n - 1n), upTo(2n ** 24n - 1n), upTo(2n ** 36n - 1n)).map((parts) => `urn:epc:tag:gid-96:${parts.join('.')}`),
  fc
    .tuple(fc.integer({ min: 0, max: 15 }), of(CAGE, 5, 6), upTo(2n ** 36n - 1n))
    .map(([filter, ...parts]) => `urn:epc:tag:usdod-96:${filter}.${parts.join('.')}`),
  fc
    .tuple(
      fc.integer({ min: 0, max: 63 }),
      of(CAGE, 5, 6),
      of(SET_39.slice(1), 0, 32),
      fc.constantFrom('', '#'),
      of(SET_39.slice(1), 1, 29),
    )
    .map(([filter, cage, part, sign, serial]) => `urn:epc:tag:adi-var:${filter}.${cage}.${urnEscape(part)}.${urnEscape(sign + serial)}`),
);

const key = (length: number, prefix = ''): fc.Arbitrary<string> =>
  digits(length - 1 - prefix.length).map((text) => prefix + text + checkDigitOf(prefix + text));

/** Values of the AIs that name something. */
const VALUES: Readonly<Record<string, fc.Arbitrary<string>>> = {
  '00': key(18),
  '01': key(14),
  '21': anyText(20),
  '253': fc.tuple(key(13), anyText(17)).map((parts) => parts.join('')),
  '254': anyText(20),
  '255': fc.tuple(key(13), digits(1, 12)).map((parts) => parts.join('')),
  '414': key(13),
  '8003': fc.tuple(key(14, '0'), anyText(16)).map((parts) => parts.join('')),
  '8004': fc.oneof(digits(1, 30), of(SET_82, 1, 30)),
  '8006': fc.tuple(key(14), digits(4)).map((parts) => parts.join('')),
  '8010': fc.oneof(digits(1, 30), of(SET_39, 1, 30)),
  '8011': digits(1, 12),
  '8017': key(18),
  '8018': key(18),
};

/** YYMMDD; day 00 is the whole month. */
const date = fc
  .tuple(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 28 }))
  .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(''));

/** Data that often rides behind an EPC. */
const aidc: fc.Arbitrary<Element[]> = fc.subarray(['10', '12', '30', '3103', '400', '422', '7003', '8008', '91']).chain((ais) =>
  fc.tuple(
    ...ais.map((ai) => {
      const values: Readonly<Record<string, fc.Arbitrary<string>>> = {
        '12': date,
        '30': digits(1, 8),
        '3103': digits(6),
        '422': digits(3),
        '7003': date.map((day) => `${day}2359`),
        '8008': fc.tuple(date, fc.constantFrom('', '07', '0759', '075959')).map((parts) => parts.join('')),
      };
      return (values[ai] ?? anyText(20)).map((value): Element => [ai, value]);
    }),
  ),
);

const label = of('abcdefghijklmnopqrstuvwxyz0123456789', 1, 8);
const hostname = fc
  .tuple(
    fc.constantFrom('', 'www.', 'id.', 'qr.'),
    label,
    fc.constantFrom('.com', '.fr', '.co.uk', '.com.au', '.tech', '.zw', '.example.org', '.gov.cn', '.co'),
  )
  .map((parts) => parts.join(''));

/** An identity of a "+" or "++" scheme, its elements in the order that reading gives them. */
export const anyPlus = ({ scheme, ais, dated, hosted }: Plus): fc.Arbitrary<Identity> =>
  fc
    .record({
      filter: fc.integer({ min: 0, max: 7 }),
      keys: fc.tuple(...ais.map((ai) => (VALUES[ai] as fc.Arbitrary<string>).map((value): Element => [ai, value]))),
      dates: dated
        ? fc.tuple(fc.constantFrom('11', '13', '15', '16', '17', '7006', '7007'), date).map((one): Element[] => [one])
        : fc.constant([]),
      more: aidc,
      hostname,
      hostnameMethod: fc.constantFrom('code40' as const, 'sevenBit' as const),
    })
    .map(({ filter, keys, dates, more, ...host }) => ({
      ...{ scheme, filter, elements: [...keys, ...dates, ...more] },
      ...(hosted ? host : {}),
    }));
