/** Status words of a ThingMagic reply that the driver acts on or names. */
export const Status = {
  OK: 0x0000,
  BAD_OPCODE: 0x0101,
  UNIMPLEMENTED: 0x0102,
  BAD_PARAMETER: 0x0105,
  BAD_BAUD: 0x010a,
  BAD_REGION: 0x010b,
  /** In a stream: end of a search cycle, about one for each cycle time; the base of time stamps starts again. */
  NO_TAGS: 0x0400,
  RADIO_OFF: 0x0405,
  ANTENNA_MISSING: 0x0503,
  TEMPERATURE: 0x0504,
  RETURN_LOSS: 0x0505,
  BUFFER_FULL: 0x0601,
} as const;

const TEXTS: Readonly<Record<number, string>> = {
  [Status.OK]: 'ok',
  256: 'wrong count of data bytes',
  [Status.BAD_OPCODE]: 'unknown command',
  [Status.UNIMPLEMENTED]: 'command not implemented',
  259: 'power above the maximum',
  260: 'frequency not allowed',
  [Status.BAD_PARAMETER]: 'bad parameter',
  262: 'power below the minimum',
  265: 'feature not available on this model',
  [Status.BAD_BAUD]: 'baud rate not supported',
  [Status.BAD_REGION]: 'region not supported',
  268: 'licence key refused',
  [Status.NO_TAGS]: 'no tags found',
  1025: 'no protocol set',
  1026: 'protocol not supported',
  [Status.RADIO_OFF]: 'radio off: no region set',
  1280: 'invalid frequency',
  1281: 'channel busy',
  1282: 'transmitter already on',
  [Status.ANTENNA_MISSING]: 'antenna not connected',
  [Status.TEMPERATURE]: 'over temperature',
  [Status.RETURN_LOSS]: 'high return loss: antenna or cable damaged',
  1287: 'invalid antenna configuration',
  1289: 'input voltage out of range',
  1536: 'not enough tags',
  [Status.BUFFER_FULL]: 'reader buffer full: the line is too slow',
  32512: 'internal error of the module',
  32513: 'assertion failed in the module',
};

/** A status word as people read it: `0503 antenna not connected`. */
export function statusText(status: number): string {
  const hex = status.toString(16).toUpperCase().padStart(4, '0');
  return `${hex} ${TEXTS[status] ?? 'unknown status'}`;
}
