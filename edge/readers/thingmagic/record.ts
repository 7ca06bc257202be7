import { fromHex } from '../../../protocol/bytes.ts';
import { Fault } from '../../../protocol/fault.ts';
import { Metadata, Op, reply, SEARCH_STREAM } from './commands.ts';
import { tagCrc } from './crc.ts';
import { Status } from './status.ts';

/** First byte behind the metadata flags of a stream message. */
export const Message = { ENDED: 0, TAG: 1, STATISTICS: 2 } as const;

/** Option byte: metadata flags follow. */
export const OPTION_METADATA = 0x10;
/** A prefix byte stands before the option byte and moves all that follows by one. */
export const OPTION_PREFIX = 0x80;
/** PC bit: an XPC_W1 word follows the PC (EPC Gen2 6.3.2.1.2.5). */
export const PC_XPC = 0x0200;

/** Option bit and length of the totals that end a search for a fixed count of tags. */
export const OPTION_TOTALS = 0x01;
export const TOTALS_BYTES = 7;

/**
 * Whether the answer to a polled search has this many bytes, a prefix byte left out: option and search flags, a count of tags in one byte
 * or four (M6e on), and for an embedded operation its opcode and two counts more.
 */
export function isPolled(length: number): boolean {
  return length === 4 || length === 7 || length === 10 || length === 13;
}

/** What a module puts into one tag record. */
export interface TagFields {
  /** EPC without PC, upper- or lower-case hexadecimal, whole 16-bit words. */
  readonly epc: string;
  readonly antenna: number;
  /** dBm, -128 to 127. */
  readonly rssi: number;
  /** Milliseconds since the search cycle began. */
  readonly timestamp: number;
  readonly count?: number;
  readonly kHz?: number;
  /** Degrees, 0 to 180. */
  readonly phase?: number;
  readonly gpio?: number;
}

const GEN2 = 0x05;
const NSI = 0;

function push16(out: number[], value: number): void {
  out.push((value >> 8) & 0xff, value & 0xff);
}

/** The fields of a record that `metadata` asks for, EPC and checksum, without embedded data. */
function fields(tag: TagFields, metadata: number): number[] {
  const epc = fromHex(tag.epc);
  if (epc === undefined || epc.length === 0 || epc.length > 62 || epc.length % 2 !== 0) {
    throw new Fault('EPC_INVALID', `"${tag.epc}" is no EPC: give 1 to 31 words of 4 hexadecimal digits`);
  }
  const out: number[] = [];
  if (metadata & Metadata.READ_COUNT) out.push(tag.count ?? 1);
  if (metadata & Metadata.RSSI) out.push(tag.rssi & 0xff);
  // Four bits for each side; port 16 is sent as 0.
  if (metadata & Metadata.ANTENNA) out.push(((tag.antenna & 15) << 4) | (tag.antenna & 15));
  if (metadata & Metadata.FREQUENCY) {
    const kHz = tag.kHz ?? 866_300;
    out.push((kHz >> 16) & 0xff, (kHz >> 8) & 0xff, kHz & 0xff);
  }
  if (metadata & Metadata.TIMESTAMP) {
    push16(out, tag.timestamp >>> 16);
    push16(out, tag.timestamp);
  }
  if (metadata & Metadata.PHASE) push16(out, tag.phase ?? 0);
  if (metadata & Metadata.PROTOCOL) out.push(GEN2);
  if (metadata & Metadata.DATA) push16(out, 0);
  if (metadata & Metadata.GPIO) out.push(tag.gpio ?? 0x0f);
  if (metadata & Metadata.GEN2_Q) out.push(4);
  if (metadata & Metadata.GEN2_LF) out.push(0);
  if (metadata & Metadata.GEN2_TARGET) out.push(0);
  if (metadata & Metadata.BRAND) push16(out, 0);
  push16(out, (epc.length + 4) * 8);
  const from = out.length;
  push16(out, ((epc.length / 2) << 11) | NSI);
  for (const byte of epc) out.push(byte);
  push16(out, tagCrc(Uint8Array.from(out), from, out.length));
  return out;
}

/**
 * A tag record as a module streams it, with the fields that `metadata` asks for and no embedded data.
 * @throws Fault EPC_INVALID when the EPC is not 1 to 31 whole words of hexadecimal.
 */
export function tagRecord(tag: TagFields, metadata: number, search: number = SEARCH_STREAM): Uint8Array {
  const head = [OPTION_METADATA];
  push16(head, search);
  push16(head, metadata);
  return reply(Op.READ_MULTIPLE, Status.OK, ...head, Message.TAG, ...fields(tag, metadata));
}

/** What one answer with records of the tag buffer may hold: the longest DATA of a reply. */
const BUFFER_BYTES = 0xf8;

/**
 * The answer to a question for the tag buffer: as many of these tags, from the first on, as fit. `taken` counts them.
 * @throws Fault EPC_INVALID as for {@link tagRecord}
 */
export function tagBuffer(tags: readonly TagFields[], metadata: number): { readonly bytes: Uint8Array; readonly taken: number } {
  const out: number[] = [];
  push16(out, metadata);
  out.push(0, 0);
  let taken = 0;
  for (const tag of tags) {
    const record = fields(tag, metadata);
    if (out.length + record.length > BUFFER_BYTES) break;
    out.push(...record);
    taken++;
  }
  out[3] = taken;
  return { bytes: reply(Op.TAG_BUFFER, Status.OK, ...out), taken };
}

/** End of a search cycle without further tags: the module's keep-alive. */
export function cycleEnd(): Uint8Array {
  return reply(Op.READ_MULTIPLE, Status.NO_TAGS);
}
