import { fromUtf8 } from '../../protocol/bytes.ts';
import { PacketFault, REASON } from './reason.ts';

/** Fields of MQTT packets that are read before the parser sees them: lengths that lie and text that is none (MQTT 5 section 1.5). */

/** A two byte integer. @throws PacketFault malformed */
export function u16(bytes: Uint8Array, at: number, end: number = bytes.length): number {
  if (at + 2 > end) throw new PacketFault(REASON.malformed, 'the packet ends inside a number');
  return (bytes[at] as number) * 256 + (bytes[at + 1] as number);
}

/** The position after binary data with its length before it (section 1.5.6). @throws PacketFault malformed */
export function afterBinary(bytes: Uint8Array, at: number, end: number = bytes.length): number {
  const next = at + 2 + u16(bytes, at, end);
  if (next > end) throw new PacketFault(REASON.malformed, 'a length points behind the end of its packet');
  return next;
}

/** The position after a UTF-8 string; ill-formed UTF-8 and U+0000 are malformed (section 1.5.4). @throws PacketFault malformed */
export function afterText(bytes: Uint8Array, at: number, end: number = bytes.length): number {
  const next = afterBinary(bytes, at, end);
  const text = bytes.subarray(at + 2, next);
  // In UTF-8 the byte 0 stands for U+0000 and for nothing else.
  if (text.includes(0)) throw new PacketFault(REASON.malformed, 'a string holds U+0000 (section 1.5.4)');
  try {
    fromUtf8(text);
  } catch {
    throw new PacketFault(REASON.malformed, 'a string is not UTF-8 (section 1.5.4)');
  }
  return next;
}
