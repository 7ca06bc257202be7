/** Company prefix bits by partition value (TDS table 14-2 and its likes); the prefix has 12 - partition digits, and 7 is invalid. */
export const PREFIX_BITS = [40, 37, 34, 30, 27, 24, 20] as const;

/** The last field of a classic scheme. */
export type Tail =
  | { readonly kind: 'none' }
  | { readonly kind: 'zeros'; readonly bits: number }
  /** An integer without leading zeros, below 10^digits where `digits` stands. */
  | { readonly kind: 'integer'; readonly bits: number; readonly digits?: number }
  | { readonly kind: 'numeric'; readonly bits: number; readonly digits: number }
  | { readonly kind: 'text'; readonly bits: number; readonly chars: number };

/**
 * A scheme of a company prefix with a partition value: header 8, filter 3, partition 3, prefix and reference, tail (TDS section 14.6).
 * `span` is the bits of prefix and reference together, `digits` the most that they may have together.
 */
export interface Classic {
  readonly scheme: string;
  readonly header: number;
  /** All bits; undefined where the length varies. */
  readonly bits?: number;
  readonly ai: string;
  readonly span: number;
  readonly reference: 'digits' | 'integer' | 'text' | 'sixBit';
  readonly digits: number;
  readonly tail: Tail;
  /** The AI of the tail, where it is not the end of the key's own value. */
  readonly serialAi?: string;
}

const integer = (bits: number): Tail => ({ kind: 'integer', bits });
const text = (chars: number): Tail => ({ kind: 'text', bits: 7 * chars, chars });
const NONE: Tail = { kind: 'none' };
const ZEROS: Tail = { kind: 'zeros', bits: 24 };

const gtin = { ai: '01', span: 44, reference: 'digits', digits: 13, serialAi: '21' } as const;
const itip = { ...gtin, ai: '8006' } as const;
const gln = { ai: '414', span: 41, reference: 'digits', digits: 12, serialAi: '254' } as const;
const grai = { ai: '8003', span: 44, reference: 'digits', digits: 12 } as const;
const gdti = { ai: '253', span: 41, reference: 'digits', digits: 12 } as const;
const gsrn = { span: 58, reference: 'digits', digits: 17, tail: ZEROS } as const;

export const CLASSICS: readonly Classic[] = [
  { scheme: 'gdti-96', header: 0x2c, bits: 96, ...gdti, tail: integer(41) },
  { scheme: 'gsrn-96', header: 0x2d, bits: 96, ai: '8018', ...gsrn },
  { scheme: 'gsrnp-96', header: 0x2e, bits: 96, ai: '8017', ...gsrn },
  { scheme: 'sgtin-96', header: 0x30, bits: 96, ...gtin, tail: integer(38) },
  { scheme: 'sscc-96', header: 0x31, bits: 96, ai: '00', ...gsrn },
  { scheme: 'sgln-96', header: 0x32, bits: 96, ...gln, tail: integer(41) },
  { scheme: 'grai-96', header: 0x33, bits: 96, ...grai, tail: integer(38) },
  { scheme: 'giai-96', header: 0x34, bits: 96, ai: '8004', span: 82, reference: 'integer', digits: 25, tail: NONE },
  { scheme: 'sgtin-198', header: 0x36, bits: 198, ...gtin, tail: text(20) },
  { scheme: 'grai-170', header: 0x37, bits: 170, ...grai, tail: text(16) },
  { scheme: 'giai-202', header: 0x38, bits: 202, ai: '8004', span: 188, reference: 'text', digits: 30, tail: NONE },
  { scheme: 'sgln-195', header: 0x39, bits: 195, ...gln, tail: text(20) },
  // Deprecated by TDS 1.9 in favour of GDTI-174; TDS 1.6 defines it.
  { scheme: 'gdti-113', header: 0x3a, bits: 113, ...gdti, tail: { kind: 'numeric', bits: 58, digits: 17 } },
  { scheme: 'cpi-96', header: 0x3c, bits: 96, ai: '8010', span: 51, reference: 'integer', digits: 15, tail: integer(31), serialAi: '8011' },
  {
    ...{ scheme: 'cpi-var', header: 0x3d, ai: '8010', span: 0, reference: 'sixBit', digits: 30 },
    ...{ tail: { kind: 'integer', bits: 40, digits: 12 }, serialAi: '8011' },
  },
  { scheme: 'gdti-174', header: 0x3e, bits: 174, ...gdti, tail: text(17) },
  { scheme: 'sgcn-96', header: 0x3f, bits: 96, ...gdti, ai: '255', tail: { kind: 'numeric', bits: 41, digits: 12 } },
  { scheme: 'itip-110', header: 0x40, bits: 110, ...itip, tail: integer(38) },
  { scheme: 'itip-212', header: 0x41, bits: 212, ...itip, tail: text(20) },
];

/** A scheme of TDS 2: header 8, +AIDC toggle 1, filter 3, [date 20], values of AIs, [hostname] (TDS sections 14.6 and 15.3). */
export interface Plus {
  readonly scheme: string;
  readonly header: number;
  readonly ais: readonly string[];
  readonly dated: boolean;
  readonly hosted: boolean;
}

const PLUS_KEYS: readonly (readonly [scheme: string, plus: number, plusPlus: number, ais: string])[] = [
  ['cpi', 0xf0, 0xe6, '8010 8011'],
  ['grai', 0xf1, 0xeb, '8003'],
  ['sgln', 0xf2, 0xe9, '414 254'],
  ['itip', 0xf3, 0xed, '8006 21'],
  ['gsrn', 0xf4, 0xe7, '8018'],
  ['gsrnp', 0xf5, 0xe8, '8017'],
  ['gdti', 0xf6, 0xea, '253'],
  ['sgtin', 0xf7, 0xfd, '01 21'],
  ['sgcn', 0xf8, 0xec, '255'],
  ['sscc', 0xf9, 0xef, '00'],
  ['giai', 0xfa, 0xee, '8004'],
  ['dsgtin', 0xfb, 0xfc, '01 21'],
];

export const PLUSES: readonly Plus[] = PLUS_KEYS.flatMap(([key, plus, plusPlus, ais]) =>
  [plus, plusPlus].map((header, i) => ({
    scheme: `${key}${i === 0 ? '+' : '++'}`,
    header,
    ais: ais.split(' '),
    dated: key === 'dsgtin',
    hosted: i === 1,
  })),
);

/** AIs of the date that DSGTIN+ puts first, by its type (TDS section 14.5.3). */
export const DATE_AIS = ['11', '13', '15', '16', '17', '7006', '7007'] as const;

export const HEADER_GID = 0x35;
export const HEADER_USDOD = 0x2f;
export const HEADER_ADI = 0x3b;
