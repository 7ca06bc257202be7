/**
 * The two checksums of a ThingMagic line. Both divide by 0x1021; they differ in where the message enters the register.
 */

const TABLE: Uint16Array = new Uint16Array(256);
for (let byte = 0; byte < 256; byte++) {
  let register = byte << 8;
  for (let bit = 0; bit < 8; bit++) register = register & 0x8000 ? (register << 1) ^ 0x1021 : register << 1;
  TABLE[byte] = register & 0xffff;
}

/**
 * The checksum of a frame over `bytes[from, to)`: LEN to the end of DATA. The register starts as FFFF, message bits enter at its
 * low end and no zero bits are flushed, so it is neither CCITT-FALSE nor XMODEM.
 */
export function frameCrc(bytes: Uint8Array, from: number, to: number): number {
  let register = 0xffff;
  for (let at = from; at < to; at++) {
    register = ((register & 0xff) << 8) ^ (bytes[at] as number) ^ (TABLE[register >> 8] as number);
  }
  return register;
}

/**
 * The CRC-16 that a Gen2 tag sends behind PC and EPC (EPC Gen2 Annex F): start FFFF, message at the high end, complement.
 * It travels from the tag through the reader, so it also finds ghost reads and errors before the reader's own checksum.
 */
export function tagCrc(bytes: Uint8Array, from: number, to: number): number {
  let register = 0xffff;
  for (let at = from; at < to; at++) {
    register = ((register & 0xff) << 8) ^ (TABLE[(register >> 8) ^ (bytes[at] as number)] as number);
  }
  return register ^ 0xffff;
}
