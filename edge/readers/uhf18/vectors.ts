import type { Described } from '../described.ts';

/**
 * Frames of the UHFReader18, 86 and 288 protocol with what they mean. `captured` frames are from public logs of real readers; `computed` ones
 * follow the manual of a 288 (v1.15), with checksums made by an independent program.
 */
export interface FrameVector {
  readonly name: string;
  readonly hears: 'replies' | 'commands';
  readonly origin: 'captured' | 'computed';
  readonly hex: string;
  readonly cmd: number;
  readonly status: number;
  /** DATA in hexadecimal. */
  readonly data: string;
  /** Parts of what it is described as. */
  readonly frames: readonly (Partial<Described> & Record<string, unknown>)[];
}

type Row = readonly [
  name: string,
  origin: 'captured' | 'computed',
  hex: string,
  cmd: number,
  status: number,
  data: string,
  ...frames: FrameVector['frames'][number][],
];

const REPLIES: readonly Row[] = [
  [
    ...(['one tag of a round on a 288', 'captured', '1500010301010C0000000000000000000003136BB1A5', 0x01, 0x03] as const),
    '01010C0000000000000000000003136B',
    { kind: 'tag', epc: '000000000000000000000313', antenna: 1, rssi: null, rssiRaw: 107 },
  ],
  [
    ...(['a tag with a short EPC on a 288', 'captured', '0D000103010104003230386DA3D2', 0x01, 0x03, '010104003230386D'] as const),
    { kind: 'tag', epc: '00323038', antenna: 1, rssi: null, rssiRaw: 109 },
  ],
  [
    ...([
      'two tags of a round on an 18',
      'captured',
      '20000103020C0000000000000000000003130C0000000000000000000003149AC9',
      0x01,
      0x03,
    ] as const),
    '020C0000000000000000000003130C000000000000000000000314',
    { kind: 'tag', epc: '000000000000000000000313', antenna: null, rssi: null },
    { kind: 'tag', epc: '000000000000000000000314', antenna: null, rssi: null },
  ],
  [
    ...(['one tag of a round on an 18', 'captured', '13000103010C49440000000000000A000334A5FB', 0x01, 0x03] as const),
    '010C49440000000000000A000334',
    { kind: 'tag', epc: '49440000000000000a000334', antenna: null, rssi: null },
  ],
  [
    ...(['a pushed tag', 'computed', '1400EE00010C3034257BF7194E4000001A854E4DB1', 0xee, 0x00, '010C3034257BF7194E4000001A854E'] as const),
    { kind: 'tag', epc: '3034257bf7194e4000001a85', antenna: 1, rssi: null, rssiRaw: 78 },
  ],
  [
    ...(['statistics of a round', 'computed', '0C0001260100550000007844C7', 0x01, 0x26, '01005500000078'] as const),
    { kind: 'end', antenna: 1, readRate: 85, totalCount: 120 },
  ],
  [...(['a round is over', 'captured', '0700010101001E4B', 0x01, 0x01, '0100'] as const), { kind: 'end', status: '01' }],
  [...(['no tag', 'computed', '050001FBF23D', 0x01, 0xfb, ''] as const), { kind: 'end', status: 'fb', meaning: 'no tag' }],
  [
    ...(['a command that was not understood', 'computed', '050000FE8773', 0x00, 0xfe, ''] as const),
    { kind: 'fault', code: 'fe', cmd: '00' },
  ],
  [
    ...(['information of a 288', 'captured', '1100210000160C034E001E0A01000000E651', 0x21, 0x00, '00160C034E001E0A01000000'] as const),
    {
      kind: 'reply',
      version: '0.22',
      type: '0c',
      typeName: 'UHFReader288M',
      band: 'EU',
      fromKHz: 865_100,
      toKHz: 867_900,
      powerDbm: 30,
      scanTimeMs: 1_000,
    },
  ],
];

const COMMANDS: readonly Row[] = [
  ['information', 'computed', '04FF211995', 0x21, 0, '', { kind: 'command', cmd: '21', address: 255 }],
  ['115200 baud', 'computed', '05002806B3E5', 0x28, 0, '06', { kind: 'command', cmd: '28', baud: 115_200 }],
  ['levels of the pins', 'computed', '040047E96C', 0x47, 0, '', { kind: 'command', cmd: '47' }],
  ['a round on an 18', 'computed', '040001DB4B', 0x01, 0, '', { kind: 'command', cmd: '01' }],
];

/** A reply whose checksum is wrong. */
export const BAD_CRC = '1500010301010C0000000000000000000003136BB1A6';

const vector =
  (hears: 'replies' | 'commands') =>
  ([name, origin, hex, cmd, status, data, ...frames]: Row): FrameVector => ({ name, hears, origin, hex, cmd, status, data, frames });

export const VECTORS: readonly FrameVector[] = [...REPLIES.map(vector('replies')), ...COMMANDS.map(vector('commands'))];
