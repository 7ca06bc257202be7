/**
 * LLRP messages, put together by hand from the binary layouts of LLRP 1.0.1 chapter 16 (and Impinj's published extension numbers), not by the
 * encoder; Wireshark's dissector reads each as what its name says. Blanks part the parameters.
 */
export interface MessageVector {
  readonly name: string;
  readonly direction: 'reader' | 'host';
  readonly hex: string;
  readonly type: number;
  readonly id: number;
}

type Row = readonly [name: string, type: number, id: number, hex: string];

/** Microseconds 000612B0C1E2A000, which is 2024-03-02T17:23:56 and a bit, in milliseconds. */
export const STAMP_MS = 1_709_400_236_662.784;
const UTC = '0080 000C 000612B0C1E2A000';
const EPC = '3034257BF7194E4000001A85';

const READER: readonly Row[] = [
  // READER_EVENT_NOTIFICATION 63: ReaderEventNotificationData 246 { UTCTimestamp 128, event }.
  ['the connection is taken', 63, 1, `043F 00000020 00000001 00F60016 ${UTC} 0100 0006 0000`],
  ['another client has the connection', 63, 2, `043F 00000020 00000002 00F60016 ${UTC} 0100 0006 0002`],
  ['another client tried', 63, 3, `043F 00000020 00000003 00F60016 ${UTC} 0100 0006 0004`],
  ['input 2 is high', 63, 4, `043F 00000021 00000004 00F60017 ${UTC} 00F8 0007 0002 80`],
  ['antenna 3 is gone', 63, 5, `043F 00000021 00000005 00F60017 ${UTC} 00FF 0007 00 0003`],
  ['buffer full to 90 %', 63, 6, `043F 0000001F 00000006 00F60015 ${UTC} 00FA 0005 5A`],
  ['buffer overflow', 63, 7, `043F 0000001E 00000007 00F60014 ${UTC} 00FB 0004`],
  ['exception "Hot"', 63, 8, `043F 00000023 00000008 00F60019 ${UTC} 00FC 0009 0003 486F74`],
  ['ROSpec 1 has ended', 63, 9, `043F 00000027 00000009 00F6001D ${UTC} 00F9 000D 01 00000001 00000000`],
  ['the reader closes', 63, 10, `043F 0000001E 0000000A 00F60014 ${UTC} 0101 0004`],
  // KEEPALIVE 62.
  ['sign of life', 62, 42, '043E 0000000A 0000002A'],
  // RO_ACCESS_REPORT 61: TagReportData 240 { EPC-96 TV 13, AntennaID 1, PeakRSSI 6, ChannelIndex 7, first 2 and last 4 UTC, count 8 }.
  [
    ...(['tag of 96 bits', 61, 100] as const),
    `043D 00000038 00000064 00F0 002E 8D ${EPC} 81 0003 86 C4 87 0002 82 000612B0C1E2A000 84 000612B0C1E2A3E8 88 0001`,
  ],
  // EPCData 241: count of bits, bits. Times of a reader without a date: FirstSeenTimestampUptime 3.
  [
    'tag of 128 bits, by uptime',
    61,
    101,
    `043D 00000032 00000065 00F0 0028 00F1 0016 0080 ${EPC}12345678 81 0001 86 BA 83 0000000005F5E100`,
  ],
  // Custom 1023 { vendor 0000651A, subtype, value }: phase 56 = 1024 of 4096, strength 57 = -51.50 dBm, Doppler 68 = -2 Hz.
  [
    ...(['tag with what Impinj adds', 61, 102] as const),
    `043D 0000004A 00000066 00F0 0040 8D ${EPC} 81 0001 86 CD 03FF 000E 0000651A 00000038 0400 03FF 000E 0000651A 00000039 EBE2 03FF 000E 0000651A 00000044 FFE0`,
  ],
  [
    'two tags, the second with nothing new',
    61,
    103,
    `043D 00000034 00000067 00F0 0019 8D ${EPC} 81 0002 86 C0 87 0001 00F0 0011 8D 3034257BF7194E4000001A86`,
  ],
  // PC TV 12, CRC TV 11, an unknown TLV 900 and a custom parameter of vendor 161.
  [
    ...(['tag with fields that nobody asked for', 61, 104] as const),
    `043D 0000003A 00000068 00F0 0030 8D ${EPC} 81 0004 86 C0 8C 3000 8B E94A 0384 0006 BEEF 03FF 000E 000000A1 00000001 0001`,
  ],
  // LLRPStatus 287: code, count, text.
  ['configured', 13, 11, '040D 00000012 0000000B 011F 0008 0000 0000'],
  ['message not supported', 100, 12, '0464 00000016 0000000C 011F 000C 006D 0004 77686174'],
  ['extensions on', 1023, 13, '07FF 00000017 0000000D 0000651A 16 011F 0008 0000 0000'],
  // GET_READER_CAPABILITIES_RESPONSE 11: 4 antennas, UTC clock, Impinj 2001002, firmware "7.6", 2 inputs and 3 outputs, ETSI 302 208,
  // power 1 = 10.00 and 2 = 30.00 dBm, fixed frequencies 865700 and 866300 kHz.
  [
    ...(['capabilities', 11, 14] as const),
    '040B 0000005E 0000000E 011F 0008 0000 0000 0089 001D 0004 4000 0000651A 001E886A 0003 372E36 008D 0008 0002 0003 ' +
      '008F 002F 00FA 0002 0090 0027 0091 0008 0001 03E8 0091 0008 0002 0BB8 0092 0013 00 0094 000E 0002 000D35A4 000D37FC',
  ],
  // GET_READER_CONFIG_RESPONSE 12: antenna 1 connected, 2 not; radio of 1; input 1 high, 2 unknown.
  [
    ...(['configuration', 12, 15] as const),
    '040C 00000044 0000000F 011F 0008 0000 0000 00DD 0009 80 0001 0000 00DD 0009 00 0002 0000 00DE 0010 0001 00E0 000A 0000 0001 0045 ' +
      '00E1 0008 0001 80 01 00E1 0008 0002 80 02',
  ],
];

const HOST: readonly Row[] = [
  ['capabilities?', 1, 1, '0401 0000000B 00000001 00'],
  ['configuration?', 2, 2, '0402 00000011 00000002 0000 00 0000 0000'],
  ['antennas?', 2, 3, '0402 00000011 00000003 0000 02 0000 0000'],
  // SET_READER_CONFIG 3: factory settings, events 1, 2, 3, 4 and 8 on, keepalive each 1000 ms, nothing held.
  [
    ...(['configure', 3, 4] as const),
    '0403 00000040 00000004 80 00F4 0027 00F5 0007 0001 80 00F5 0007 0002 80 00F5 0007 0003 80 00F5 0007 0004 80 00F5 0007 0008 80 ' +
      '00DC 0009 01 000003E8 00E2 0005 00',
  ],
  ['inputs 1 and 2 on', 3, 5, '0403 0000001B 00000005 00 00E1 0008 0001 80 00 00E1 0008 0002 80 00'],
  ['output 3 high', 3, 6, '0403 00000012 00000006 00 00DB 0007 0003 80'],
  ['delete all ROSpecs', 21, 7, '0415 0000000E 00000007 00000000'],
  ['delete all AccessSpecs', 41, 8, '0429 0000000E 00000008 00000000'],
  ['enable ROSpec 1', 24, 9, '0418 0000000E 00000009 00000001'],
  ['start ROSpec 1', 22, 10, '0416 0000000E 0000000A 00000001'],
  ['release reports', 64, 11, '0440 0000000A 0000000B'],
  ['close', 14, 12, '040E 0000000A 0000000C'],
  ['sign of life heard', 72, 42, '0448 0000000A 0000002A'],
  ['extensions please', 1023, 13, '07FF 00000013 0000000D 0000651A 15 00000000'],
  // ADD_ROSPEC 20: ROSpec 1, null triggers, antennas 1 and 4, power 69, session 2, each tag at once.
  [
    ...(['add a ROSpec', 20, 14] as const),
    '0414 0000008D 0000000E 00B1 0083 00000001 00 00 00B2 0012 00B3 0005 00 00B6 0009 00 00000000 ' +
      '00B7 005A 0002 0001 0004 00B8 0009 00 00000000 00BA 0047 0001 01 ' +
      '00DE 0020 0001 00E0 000A 0000 0001 0045 014A 0010 00 0150 000B 80 0020 00000000 ' +
      '00DE 0020 0004 00E0 000A 0000 0001 0045 014A 0010 00 0150 000B 80 0020 00000000 ' +
      '00ED 000D 01 0001 00EE 0006 1F80',
  ],
];

const vector =
  (direction: MessageVector['direction']) =>
  ([name, type, id, hex]: Row): MessageVector => ({ name, direction, hex: hex.replaceAll(' ', ''), type, id });

export const VECTORS: readonly MessageVector[] = [...READER.map(vector('reader')), ...HOST.map(vector('host'))];

/** The vector of that name. @throws RangeError when there is none */
export function vectorOf(name: string): MessageVector {
  const found = VECTORS.find((one) => one.name === name);
  if (found === undefined) throw new RangeError(`no vector "${name}"`);
  return found;
}
