/** What a status record of the stream tells; a field is absent when the module did not send it. */
export interface Statistics {
  readonly temperatureC?: number;
  readonly antennas?: readonly { readonly port: number; readonly connected: boolean }[];
}

const TEMPERATURE = 0x100;
const CONNECTED_ANTENNAS = 0x800;

/**
 * Reads a status record from `from` to `end`: repeated (flag in base 128 with a continuation bit, length, value).
 * Unknown flags are skipped by their length; a record cut short gives what stood before the cut.
 */
export function statistics(bytes: Uint8Array, from: number, end: number): Statistics {
  let temperatureC: number | undefined;
  let antennas: { port: number; connected: boolean }[] | undefined;
  let at = from;
  while (at < end) {
    let flag = 0;
    let more = true;
    while (more && at < end) {
      const byte = bytes[at++] as number;
      flag = ((flag << 7) | (byte & 0x7f)) & 0xffff;
      more = (byte & 0x80) !== 0;
    }
    const length = bytes[at++] ?? 0;
    if (at + length > end) break;
    if (flag === TEMPERATURE && length === 1) temperatureC = ((bytes[at] as number) << 24) >> 24;
    if (flag === CONNECTED_ANTENNAS) antennas = portStates(bytes, at, at + length);
    at += length;
  }
  return { ...(temperatureC === undefined ? {} : { temperatureC }), ...(antennas === undefined ? {} : { antennas }) };
}

/** Pairs of port and state, as in the answer to antenna detection. */
export function portStates(bytes: Uint8Array, from: number, end: number): { port: number; connected: boolean }[] {
  const states: { port: number; connected: boolean }[] = [];
  for (let at = from; at + 1 < end; at += 2) states.push({ port: bytes[at] as number, connected: bytes[at + 1] === 1 });
  return states;
}
