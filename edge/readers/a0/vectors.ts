import type { Described, Direction } from '../described.ts';

/**
 * Frames of the A0 protocol with what they mean. `captured` frames are from public logs of real readers and the tests of public drivers
 * (russss/rust-invelion, a race timing log, a README of IND90x readers, a log over TCP); `computed` ones follow the layout that those drivers
 * share (hex-in/pyImpinj), with checksums made by an independent program.
 */
export interface FrameVector {
  readonly name: string;
  readonly direction: Direction;
  readonly origin: 'captured' | 'computed';
  readonly hex: string;
  readonly cmd: number;
  readonly address: number;
  /** DATA in hexadecimal. */
  readonly data: string;
  /** What the command line says, among other things; of a meaning one word, because texts may change. */
  readonly means: Described;
}

type Row = readonly [name: string, origin: 'captured' | 'computed', hex: string, means: Described];

const EPC = '3034257bf7194e4000001a85';
const TAG = { kind: 'tag', pc: '3000' } as const;
const OK = { kind: 'reply', ok: true } as const;

const REPLIES: readonly Row[] = [
  ['firmware of a reader that answers FF', 'captured', 'A005FF720100E9', { kind: 'reply', version: '1.0' }],
  ['firmware 1.9', 'captured', 'A00501720109DE', { kind: 'reply', version: '1.9' }],
  ['antenna set', 'captured', 'A004017410D7', OK],
  ['antenna missing', 'computed', 'A004018922B0', { kind: 'fault', code: '22', meaning: 'antenna' }],
  ['end of a round', 'captured', 'A00AFF8900002000000001AD', { kind: 'end', antenna: 1, readRate: 32, totalRead: 1 }],
  ['end of a round of 5 reads', 'captured', 'A00A018900001100000005B6', { kind: 'end', antenna: 1, readRate: 17, totalRead: 5 }],
  ['end of a round, checksum corrected', 'computed', 'A00A018900001D00000001AE', { kind: 'end', antenna: 1, readRate: 29, totalRead: 1 }],
  ['end of a fast switch', 'computed', 'A00A018A00004B000000B4CC', { kind: 'end', totalRead: 75, durationMs: 180 }],
  [
    ...(['tag of a session round', 'captured', 'A013018B1030003009663781DB02974876FC6A672B'] as const),
    { ...TAG, epc: '3009663781db02974876fc6a', antenna: 1, rssi: -26, rssiRaw: 103, frequencyKHz: 867_000 },
  ],
  [
    ...(['tag at 927.5 MHz', 'captured', 'A0130189E8300000000000007002211042406748D7'] as const),
    { ...TAG, epc: '000000000070022110424067', antenna: 1, rssi: -57, rssiRaw: 72, frequencyKHz: 927_500 },
  ],
  [
    ...(['tag at 925 MHz', 'captured', 'A0130189D43000E2004074850A0103169067DD2F7D'] as const),
    { ...TAG, epc: 'e2004074850a0103169067dd', antenna: 1, rssi: -82, rssiRaw: 47, frequencyKHz: 925_000 },
  ],
  [
    ...(['tag at 916 MHz', 'captured', 'A01301898C3000300833B2DDD901400000000137BB'] as const),
    { ...TAG, epc: '300833b2ddd9014000000001', antenna: 1, rssi: -74, rssiRaw: 55, frequencyKHz: 916_000 },
  ],
  [
    ...(['tag of a fast switch on antenna 3', 'computed', 'A013018A0E30003034257BF7194E4000001A854BF8'] as const),
    { ...TAG, epc: EPC, antenna: 3, rssi: -54, rssiRaw: 75, frequencyKHz: 866_500 },
  ],
  [
    ...(['tag of a fast switch on antenna 7 of 8', 'computed', 'A013018A0E30003034257BF7194E4000001A85CB78'] as const),
    { ...TAG, epc: EPC, antenna: 7, rssi: -54, rssiRaw: 0xcb, frequencyKHz: 866_500 },
  ],
  [
    ...(['tag with phase', 'computed', 'A015018BA130003034257BF7194E4000001A85005A480B'] as const),
    { ...TAG, epc: EPC, antenna: 2, rssi: -57, rssiRaw: 72, frequencyKHz: 918_500, phase: 90 },
  ],
  [
    ...(['tag of 128 bits', 'computed', 'A0170189084000E28011606000020934D6FAF7AABBCCDD3000'] as const),
    { kind: 'tag', pc: '4000', epc: 'e28011606000020934d6faf7aabbccdd', antenna: 1, rssi: -81, rssiRaw: 48, frequencyKHz: 866_000 },
  ],
  [
    ...(['tag with its TID', 'computed', 'A01F01890830003034257BF7194E4000001A85E2801160200074CF012345673008'] as const),
    { ...TAG, epc: EPC, tid: 'e2801160200074cf01234567', antenna: 1, rssi: -81, rssiRaw: 48, frequencyKHz: 866_000 },
  ],
  [
    ...(['tag whose EPC looks like frames', 'computed', 'A0130189043000A0130189A0A0A0A0040174104009'] as const),
    { ...TAG, epc: 'a0130189a0a0a0a004017410', antenna: 1, rssi: -65, rssiRaw: 64, frequencyKHz: 865_500 },
  ],
  ['tag packet whose PC word lies', 'computed', 'A01301890438003034257BF7194E4000001A854006', { kind: 'reply', malformed: true }],
  ['antenna 3 missing in a fast switch', 'computed', 'A005018A0222AC', { kind: 'fault', antenna: 3, code: '22', meaning: 'antenna' }],
  [
    ...(['record of the buffer', 'computed', 'A019019000031030003034257BF7194E4000001A85EE2C4B0E07B8'] as const),
    {
      ...TAG,
      epc: EPC,
      antenna: 3,
      rssi: -54,
      rssiRaw: 75,
      frequencyKHz: 866_500,
      readCount: 7,
      tagCount: 3,
      tagCrc: 'ee2c',
      tagCrcOk: true,
    },
  ],
  [
    ...(['record of the buffer on antenna 8, taken', 'computed', 'A0190191012C1030003034257BF7194E4000001A85EE2CCB0FFF14'] as const),
    {
      ...TAG,
      epc: EPC,
      antenna: 8,
      rssi: -54,
      rssiRaw: 0xcb,
      frequencyKHz: 866_500,
      readCount: 255,
      tagCount: 300,
      tagCrc: 'ee2c',
      tagCrcOk: true,
    },
  ],
  ['empty buffer', 'computed', 'A00401903893', { kind: 'fault', code: '38', meaning: 'buffer' }],
  [
    'inventory into the buffer',
    'computed',
    'A00C018000001900780000012C15',
    { kind: 'reply', antenna: 1, tagCount: 25, readRate: 120, totalRead: 300 },
  ],
  [
    ...(['memory of a tag', 'captured', 'A0210181000118300030396062C3950D400011B897CD0BE280689020005001080B018D'] as const),
    {
      ...{ ...TAG, epc: '30396062c3950d400011b897', antenna: 4, rssi: null, frequencyKHz: 866_000, readCount: 1, tagCount: 1 },
      ...{ tagCrc: 'cd0b', tagCrcOk: true, data: 'e280689020005001', dataLength: 8 },
    },
  ],
  [
    ...(['tag written', 'computed', 'A019018200011030003034257BF7194E4000001A85EE2C100D010A'] as const),
    { ...OK, epc: EPC, pc: '3000', tagCrc: 'ee2c', tagCrcOk: true, antenna: 2, frequencyKHz: 866_500, tagCount: 1, count: 1 },
  ],
  [
    ...(['tag not killed', 'computed', 'A019018400011030003034257BF7194E4000001A85EE2C350D01E3'] as const),
    { kind: 'fault', code: '35', epc: EPC, antenna: 2, tagCount: 1, count: 1, meaning: 'killed' },
  ],
  ['41 degrees', 'computed', 'A005017B0129B5', { kind: 'reply', temperatureC: 41 }],
  ['7 degrees below zero', 'computed', 'A005017B0007D8', { kind: 'reply', temperatureC: -7 }],
  ['European region', 'computed', 'A0060179020006D8', { kind: 'reply', region: 'ETSI', startKHz: 865_000, endKHz: 868_000 }],
  ['own channels', 'computed', 'A0090179043C040D35A4B3', { kind: 'reply', region: 'own', stepKHz: 600, channels: 4, startKHz: 865_700 }],
  ['power', 'computed', 'A00401771BC9', { kind: 'reply', powerDbm: [27] }],
  ['power of 4 antennas', 'computed', 'A00701771B1A19187B', { kind: 'reply', powerDbm: [27, 26, 25, 24] }],
  ['return loss', 'computed', 'A004017E10CD', { kind: 'reply', returnLossDb: 16 }],
  ['return loss not measured', 'computed', 'A004017EEEEF', { kind: 'fault', code: 'ee', meaning: 'return loss' }],
  ['inputs', 'computed', 'A00501600100F9', { kind: 'reply', inputs: [1, 0], gpio: 1 }],
  ['detector threshold', 'computed', 'A004016303F5', { kind: 'reply', thresholdDb: 3 }],
  ['profile', 'computed', 'A004016AD120', { kind: 'reply', profile: 'd1' }],
  ['identifier', 'computed', 'A00F0168000102030405060708090A0BA6', { kind: 'reply', identifier: '000102030405060708090a0b' }],
  ['antenna 4', 'computed', 'A004017503E3', { kind: 'reply', antenna: 4 }],
  ['count of the buffer', 'computed', 'A00501920019AF', { kind: 'reply', tagCount: 25 }],
  ['EPC match', 'computed', 'A0110186000C3034257BF7194E4000001A857B', { kind: 'reply', matching: true, epc: EPC }],
  ['no EPC match', 'computed', 'A004018601D4', { kind: 'reply', matching: false }],
  ['FastTID on', 'computed', 'A004018E8D40', { kind: 'reply', enabled: true }],
  ['region refused', 'computed', 'A0040178499A', { kind: 'fault', code: '49', meaning: 'region' }],
  ['ISO 18000-6B tag', 'computed', 'A00C01B000E004000012345678AB', { kind: 'tag', epc: 'e004000012345678', antenna: 1, rssi: null }],
  ['end of an ISO 18000-6B round', 'computed', 'A00501B00002A8', { kind: 'end', antenna: 1, totalRead: 2 }],
  ['answer to a command that is not known here', 'computed', 'A004019800C3', { kind: 'reply', data: '00' }],
];

const COMMANDS: readonly Row[] = [
  ['one round', 'captured', 'A004018901D1', { kind: 'command', name: 'real time', repeat: 1 }],
  ['antenna 1', 'captured', 'A004017400E7', { kind: 'command', name: 'set antenna', antenna: 1 }],
  ['firmware', 'captured', 'A0030172EA', { kind: 'command', name: 'firmware' }],
  ['firmware of any reader', 'captured', 'A003FF72EC', { kind: 'command', name: 'firmware' }],
  ['session round', 'captured', 'A006018B010001CC', { kind: 'command', name: 'session', session: 1, target: 'A', repeat: 1 }],
  [
    ...(['session round of newer firmware', 'computed', 'A008018B0101000103C6'] as const),
    { kind: 'command', session: 1, target: 'B', sl: 0, phase: true, repeat: 3 },
  ],
  ['output 3 high', 'computed', 'A00501610301F5', { kind: 'command', name: 'write gpio', pin: 3, level: 1 }],
  [
    ...(['fast switch over 4 antennas', 'computed', 'A00D018A00010101020103010001BD'] as const),
    { kind: 'command', connectors: 4, stays: [1, 2, 3, 4].map((antenna) => ({ antenna, stay: 1 })), intervalMs: 0, repeat: 1 },
  ],
  [
    ...(['fast switch of 10 rounds', 'captured', 'A00D018A000A010A020A030A010A8F'] as const),
    { kind: 'command', connectors: 4, stays: [1, 2, 3, 4].map((antenna) => ({ antenna, stay: 10 })), intervalMs: 1, repeat: 10 },
  ],
  [
    ...(['fast switch over antennas 1 and 3', 'computed', 'A00DFF8A00010201FF00FF000003C5'] as const),
    { kind: 'command', connectors: 4, stays: [1, 3].map((antenna) => ({ antenna, stay: 1 })), intervalMs: 0, repeat: 3 },
  ],
  [
    ...(['fast switch over 8 antennas', 'computed', 'A015018A0001010102010301040105010601070100FF9D'] as const),
    {
      kind: 'command',
      connectors: 8,
      stays: [1, 2, 3, 4, 5, 6, 7, 8].map((antenna) => ({ antenna, stay: 1 })),
      intervalMs: 0,
      repeat: 255,
    },
  ],
  ['European region', 'computed', 'A006FF78020006DB', { kind: 'command', region: 'ETSI', startKHz: 865_000, endKHz: 868_000 }],
  ['temporary power', 'computed', 'A004FF661BDC', { kind: 'command', powerDbm: 27 }],
  ['reset', 'computed', 'A003FF70EE', { kind: 'command', name: 'reset' }],
  ['115200 baud', 'computed', 'A004FF7104E8', { kind: 'command', baud: 115_200 }],
  ['detector threshold', 'computed', 'A004FF6203F8', { kind: 'command', thresholdDb: 3 }],
  ['return loss', 'computed', 'A004FF7E03DC', { kind: 'command', frequencyIndex: 3 }],
  ['read TID', 'computed', 'A0060181020006D0', { kind: 'command', bank: 'tid', wordAddress: 0, wordCount: 6 }],
  [
    ...(['write EPC', 'computed', 'A00C018200000000010201ABCD55'] as const),
    { kind: 'command', password: '00000000', bank: 'epc', wordAddress: 2, wordCount: 1, words: 'abcd' },
  ],
  ['new address', 'computed', 'A004017302E6', { kind: 'command', newAddress: 2 }],
  ['EPC match', 'computed', 'A0110185000C3034257BF7194E4000001A857C', { kind: 'command', mode: 0, epc: EPC }],
];

/** A public example of the end of a round whose checksum is wrong. */
export const BAD_SUM = 'A00A018900001D00000001AF';

const vector =
  (direction: Direction) =>
  ([name, origin, hex, means]: Row): FrameVector => ({
    ...{ name, direction, origin, hex, means, data: hex.slice(8, -2) },
    ...{ address: Number.parseInt(hex.slice(4, 6), 16), cmd: Number.parseInt(hex.slice(6, 8), 16) },
  });

export const VECTORS: readonly FrameVector[] = [...REPLIES.map(vector('reader')), ...COMMANDS.map(vector('host'))];
