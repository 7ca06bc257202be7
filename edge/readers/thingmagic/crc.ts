/**
 * The two checksums of a ThingMagic line. Both divide by 0x1021; they differ in where the message enters the register.
 *
 * A table for each byte of the register lets several bytes be taken in one step, because the division is linear: what the register's bytes and
 * the message's bytes become does not depend on each other.
 */

/** What eight zero bits make of a register whose high byte is the index; and sixteen; and the bytes of a register after 32. */
const AFTER_8 = new Uint16Array(256);
const AFTER_16 = new Uint16Array(256);
const HIGH_32 = new Uint16Array(256);
const LOW_32 = new Uint16Array(256);
for (let byte = 0; byte < 256; byte++) {
  let register = byte << 8;
  for (let bit = 0; bit < 8; bit++) register = register & 0x8000 ? (register << 1) ^ 0x1021 : register << 1;
  AFTER_8[byte] = register & 0xffff;
}
const zeroByte = (register: number): number => ((register & 0xff) << 8) ^ (AFTER_8[register >> 8] as number);
for (let byte = 0; byte < 256; byte++) {
  AFTER_16[byte] = zeroByte(AFTER_8[byte] as number);
  HIGH_32[byte] = zeroByte(zeroByte(AFTER_16[byte] as number));
  LOW_32[byte] = zeroByte(zeroByte(AFTER_8[byte] as number));
}

/**
 * The checksum of a frame over `bytes[from, to)`: LEN to the end of DATA. The register starts as FFFF, message bits enter at its
 * low end and no zero bits are flushed, so it is neither CCITT-FALSE nor XMODEM.
 */
export function frameCrc(bytes: Uint8Array, from: number, to: number): number {
  let register = 0xffff;
  let at = from;
  for (; at + 4 <= to; at += 4) {
    register =
      (HIGH_32[register >> 8] as number) ^
      (LOW_32[register & 0xff] as number) ^
      (AFTER_16[bytes[at] as number] as number) ^
      (AFTER_8[bytes[at + 1] as number] as number) ^
      (((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number));
  }
  for (; at < to; at++) {
    register = ((register & 0xff) << 8) ^ (bytes[at] as number) ^ (AFTER_8[register >> 8] as number);
  }
  return register;
}

/**
 * The CRC-16 that a Gen2 tag sends behind PC and EPC (EPC Gen2 Annex F): start FFFF, message at the high end, complement.
 * It travels from the tag through the reader, so it also finds ghost reads and errors before the reader's own checksum.
 */
export function tagCrc(bytes: Uint8Array, from: number, to: number): number {
  let register = 0xffff;
  let at = from;
  for (; at + 2 <= to; at += 2) {
    register =
      (AFTER_16[(register >> 8) ^ (bytes[at] as number)] as number) ^ (AFTER_8[(register & 0xff) ^ (bytes[at + 1] as number)] as number);
  }
  if (at < to) register = ((register & 0xff) << 8) ^ (AFTER_8[(register >> 8) ^ (bytes[at] as number)] as number);
  return register ^ 0xffff;
}
