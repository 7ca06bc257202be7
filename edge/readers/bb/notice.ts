import { fromHex } from '../../../protocol/bytes.ts';
import { Fault } from '../../../protocol/fault.ts';
import { tagCrc } from '../thingmagic/crc.ts';
import { Cmd, frame, Type } from './commands.ts';

/** A tag notice `RSSI PC EPC CRC16` in a frame's bytes. */
export interface Notice {
  /** dBm. */
  readonly rssi: number;
  readonly pc: number;
  /** Where the EPC stands. */
  readonly epc: number;
  readonly epcLength: number;
  readonly crc: number;
  /** Whether that checksum, which the tag sent, covers PC and EPC. */
  readonly whole: boolean;
}

const AROUND_EPC = 5;

/** The tag of a notice with DATA at `[from, end)`; undefined when it is too short. */
export function noticeOf(bytes: Uint8Array, from: number, end: number): Notice | undefined {
  const epcLength = end - from - AROUND_EPC;
  if (epcLength < 0) return undefined;
  const crc = ((bytes[end - 2] as number) << 8) | (bytes[end - 1] as number);
  return {
    rssi: ((bytes[from] as number) << 24) >> 24,
    pc: ((bytes[from + 1] as number) << 8) | (bytes[from + 2] as number),
    epc: from + 3,
    epcLength,
    crc,
    whole: tagCrc(bytes, from + 1, end - 2) === crc,
  };
}

/** What a module sends for a tag; `rssi` in dBm. @throws Fault EPC_INVALID */
export function tagNotice(epc: string, rssi: number): Uint8Array {
  const bytes = fromHex(epc);
  if (bytes === undefined || bytes.length === 0 || bytes.length > 62 || bytes.length % 2 !== 0) {
    throw new Fault('EPC_INVALID', `"${epc}" is no EPC: give 1 to 31 words of 4 hexadecimal digits`);
  }
  const pc = (bytes.length / 2) << 11;
  const body = [pc >> 8, pc & 0xff, ...bytes];
  const crc = tagCrc(Uint8Array.from(body), 0, body.length);
  return frame(Type.NOTICE, Cmd.POLL, [rssi & 0xff, ...body, crc >> 8, crc & 0xff]);
}
