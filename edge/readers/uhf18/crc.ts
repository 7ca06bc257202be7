/** CRC-16/MCRF4XX: reflected polynomial 0x8408, start FFFF, no final XOR; low byte first on the line. */
const TABLE: Uint16Array = new Uint16Array(256);
for (let byte = 0; byte < 256; byte++) {
  let register = byte;
  for (let bit = 0; bit < 8; bit++) register = register & 1 ? (register >> 1) ^ 0x8408 : register >> 1;
  TABLE[byte] = register;
}

/** The checksum over `bytes[from, to)`; over a whole frame with its checksum it is 0. */
export function crc16(bytes: Uint8Array, from: number, to: number): number {
  let register = 0xffff;
  for (let at = from; at < to; at++) register = (register >> 8) ^ (TABLE[(register ^ (bytes[at] as number)) & 0xff] as number);
  return register;
}
