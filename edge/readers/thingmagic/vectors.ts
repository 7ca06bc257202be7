/**
 * Frames of the ThingMagic serial protocol with what they mean. `captured` frames are from public logs of real modules and examples in
 * public drivers (erossi/thingmagic_m5e, SparkFun's reader library, a JavaScript M7e driver); `computed` ones follow the layout of
 * the Mercury API sources (1.35) with checksums made by an independent program.
 */
export interface FrameVector {
  readonly name: string;
  readonly hears: 'replies' | 'commands';
  readonly origin: 'captured' | 'computed';
  readonly hex: string;
  readonly op: number;
  readonly status: number;
  /** DATA in hexadecimal. */
  readonly data: string;
}

type Row = readonly [name: string, origin: 'captured' | 'computed', hex: string, op: number, status: number, data: string];

const REPLIES: readonly Row[] = [
  ['power now 23.00, from 10.00 to 23.00 dBm', 'captured', 'FF076200000108FC08FC03E87AC9', 0x62, 0, '0108FC08FC03E8'],
  ['end of a search cycle', 'computed', 'FF0022040084E0', 0x22, 0x0400, ''],
  ['levels of four pins', 'computed', 'FF0D660000010100010200000301010401002695', 0x66, 0, '01010001020000030101040100'],
  ['antennas 1 and 2 of 4', 'computed', 'FF096100000501010201030004006BC4', 0x61, 0, '050101020103000400'],
  ['end of the stream', 'computed', 'FF012F00000230E6', 0x2f, 0, '02'],
  ['single read', 'captured', 'FF0E210000E200322FE20DF9311328B7E3D100AAD0', 0x21, 0, 'E200322FE20DF9311328B7E3D100'],
  ['unknown command', 'computed', 'FF0000010185C1', 0x00, 0x0101, ''],
  [
    ...(['version of an M7e', 'captured', 'FF140300002301060038000201202409130201060800000010CB65', 0x03, 0] as const),
    '2301060038000201202409130201060800000010',
  ],
  [
    ...(['version of an M5e', 'captured', 'FF1403000007102300010000032014100701070209000000105BD1', 0x03, 0] as const),
    '0710230001000003201410070107020900000010',
  ],
  ['power set', 'captured', 'FF00920000273B', 0x92, 0, ''],
  ['no tag', 'captured', 'FF00210400B483', 0x21, 0x0400, ''],
  ['region set', 'captured', 'FF00970000779E', 0x97, 0, ''],
  ['temperature in a stream', 'computed', 'FF0A22000010011B0000028200012AF0A2', 0x22, 0, '10011B0000028200012A'],
];

const COMMANDS: readonly Row[] = [
  ['stop', 'computed', 'FF032F0000025E86', 0x2f, 0, '000002'],
  ['output 3 high', 'computed', 'FF0296030102DC', 0x96, 0, '0301'],
  ['power 10.00 dBm', 'captured', 'FF029203E842B1', 0x92, 0, '03E8'],
  ['start', 'computed', 'FF102F00000122000005072210001B03E801FFDD2B', 0x2f, 0, '00000122000005072210001B03E801FF'],
  [
    ...(['start with statistics', 'computed', 'FF122F00000122000005092210011B03E801FF010031E6', 0x2f, 0] as const),
    '00000122000005092210011B03E801FF0100',
  ],
  ['search antennas 1 and 2', 'computed', 'FF059102010102022DC0', 0x91, 0, '0201010202'],
  ['detect antennas', 'computed', 'FF016105BDB8', 0x61, 0, '05'],
  ['version', 'captured', 'FF00031D0C', 0x03, 0, ''],
  ['region EU', 'captured', 'FF0197024BBF', 0x97, 0, '02'],
  ['region NA', 'captured', 'FF0197014BBC', 0x97, 0, '01'],
  ['read filter off', 'computed', 'FF039A010C00A35D', 0x9a, 0, '010C00'],
  ['protocol Gen2', 'captured', 'FF02930005517D', 0x93, 0, '0005'],
  ['single read for 1 s', 'captured', 'FF022103E8D509', 0x21, 0, '03E8'],
];

/** Tag records with the read they hold; the time stamp counts from the start of the search cycle. */
export const RECORDS = [
  {
    name: 'a SparkFun example',
    origin: 'captured',
    hex: 'FF2822000010001B01FF0101C4110E16400000012700000500000F00803000000000000000000000001545E94A561D',
    read: { epc: '000000000000000000001545', antenna: 1, rssi: -60, phase: 0, kHz: 923_200 },
    timestamp: 295,
  },
  {
    name: 'an SGTIN-96 on antenna 2 with the photo-eye active',
    origin: 'computed',
    hex: 'FF2822000010001B01FF0103C8220DF7320000032C00890500001F008030003034257BF7194E4000001A85EE2C4D0D',
    read: { epc: '3034257BF7194E4000001A85', antenna: 2, rssi: -56, phase: 137, kHz: 915_250 },
    timestamp: 812,
  },
  {
    name: 'a 128-bit EPC behind embedded TID data',
    origin: 'computed',
    hex: 'FF3822000010001B01FF0101BE110D37FC00000005005A050060E2801160200074CF012345670F00A04000E28011606000020934D6FAF7AABBCCDDD1995756',
    read: { epc: 'E28011606000020934D6FAF7AABBCCDD', antenna: 1, rssi: -66, phase: 90, kHz: 866_300 },
    timestamp: 5,
  },
] as const;

/** A reply whose checksum is wrong. */
export const BAD_CRC = 'FF00920000273C';

const vector =
  (hears: 'replies' | 'commands') =>
  ([name, origin, hex, op, status, data]: Row): FrameVector => ({ name, hears, origin, hex, op, status, data });

export const VECTORS: readonly FrameVector[] = [
  ...REPLIES.map(vector('replies')),
  ...COMMANDS.map(vector('commands')),
  ...RECORDS.map(({ name, origin, hex }) => vector('replies')([name, origin, hex, 0x22, 0, hex.slice(10, -4)])),
];
