/** Frames of the M100 protocol with what they mean, from the public documents of such modules; `region` and the others below from public drivers. */
export interface FrameVector {
  readonly name: string;
  readonly hears: 'replies' | 'commands';
  readonly hex: string;
  readonly cmd: number;
  /** DATA in hexadecimal. */
  readonly data: string;
  /** Parts of what it is described as. */
  readonly frame: Readonly<Record<string, unknown>>;
}

type Row = readonly [name: string, hex: string, cmd: number, data: string, frame: FrameVector['frame']];

const REPLIES: readonly Row[] = [
  [
    ...(['a tag at -55 dBm', 'BB02220011C9340030751FEB705C5904E3D50D703A76EF7E', 0x22, 'C9340030751FEB705C5904E3D50D703A76'] as const),
    { kind: 'tag', epc: '30751feb705c5904e3d50d70', antenna: null, rssi: -55, rssiRaw: 0xc9, pc: '3400', tagCrc: '3a76', tagCrcOk: true },
  ],
  [
    ...(['a tag at -64 dBm', 'BB02220011C03400E20010710000529B0940B402163DCB7E', 0x22, 'C03400E20010710000529B0940B402163D'] as const),
    { kind: 'tag', epc: 'e20010710000529b0940b402', antenna: null, rssi: -64, rssiRaw: 0xc0, pc: '3400', tagCrcOk: true },
  ],
  ['no tag', 'BB01FF000115167E', 0xff, '15', { kind: 'keepalive', code: '15' }],
  ['a command that was not understood', 'BB01FF000117187E', 0xff, '17', { kind: 'fault', code: '17' }],
  ['the end of the rounds', 'BB01280001002A7E', 0x28, '00', { kind: 'end', cmd: '28' }],
  ['the maker', 'BB01030008024D616769635266A77E', 0x03, '024D616769635266', { kind: 'reply', part: 'maker', text: 'MagicRf' }],
];

const COMMANDS: readonly Row[] = [
  ['power 20 dBm', 'BB00B6000207D08F7E', 0xb6, '07D0', { kind: 'command', powerCdbm: 2_000 }],
  ['power 26 dBm', 'BB00B600020A28EA7E', 0xb6, '0A28', { kind: 'command', powerDbm: 26 }],
  ['hardware version', 'BB0003000100047E', 0x03, '00', { kind: 'command', part: 'hardware' }],
  ['single poll', 'BB00220000227E', 0x22, '', { kind: 'command', cmd: '22' }],
  ['65535 rounds', 'BB0027000322FFFF4A7E', 0x27, '22FFFF', { kind: 'command', rounds: 65_535 }],
  ['stop', 'BB00280000287E', 0x28, '', { kind: 'command', cmd: '28' }],
  ['region EU', 'BB00070001030B7E', 0x07, '03', { kind: 'command', regionName: 'EU' }],
];

/** A reply whose sum is wrong. */
export const BAD_SUM = 'BB02220011C9340030751FEB705C5904E3D50D703A76F07E';

const vector =
  (hears: 'replies' | 'commands') =>
  ([name, hex, cmd, data, frame]: Row): FrameVector => ({ name, hears, hex, cmd, data, frame });

export const VECTORS: readonly FrameVector[] = [...REPLIES.map(vector('replies')), ...COMMANDS.map(vector('commands'))];
