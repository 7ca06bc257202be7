/** Status words of a ThingMagic reply that the driver acts on or names. */
export const Status = {
  OK: 0x0000,
  BAD_OPCODE: 0x0101,
  UNIMPLEMENTED: 0x0102,
  BAD_PARAMETER: 0x0105,
  UNAVAILABLE: 0x0109,
  BAD_BAUD: 0x010a,
  BAD_REGION: 0x010b,
  /** In a stream: end of a search cycle, about one for each cycle time; the base of time stamps starts again. */
  NO_TAGS: 0x0400,
  RADIO_OFF: 0x0405,
  ANTENNA_MISSING: 0x0503,
  TEMPERATURE: 0x0504,
  RETURN_LOSS: 0x0505,
  BUFFER_FULL: 0x0601,
  /** Line and file name follow. */
  ASSERT: 0x7f01,
} as const;

const TEXTS: ReadonlyMap<number, string> = new Map([
  [Status.OK, 'ok'],
  [0x0100, 'wrong count of data bytes'],
  [Status.BAD_OPCODE, 'unknown command'],
  [Status.UNIMPLEMENTED, 'command not implemented'],
  [0x0103, 'power above the maximum'],
  [0x0104, 'frequency not allowed'],
  [Status.BAD_PARAMETER, 'bad parameter'],
  [0x0106, 'power below the minimum'],
  [Status.UNAVAILABLE, 'feature not available on this model'],
  [Status.BAD_BAUD, 'baud rate not supported'],
  [Status.BAD_REGION, 'region not supported'],
  [0x010c, 'licence key refused'],
  [0x0200, 'firmware image has a wrong checksum'],
  [0x0201, 'last word of the firmware image is wrong'],
  [0x0300, 'flash: undefined error'],
  [0x0301, 'flash: wrong password'],
  [0x0302, 'flash: area is protected'],
  [0x0303, 'flash: write in progress'],
  [Status.NO_TAGS, 'no tags found'],
  [0x0401, 'no protocol set'],
  [0x0402, 'protocol not supported'],
  [0x0403, 'tag written but not locked'],
  [0x0404, 'no data read'],
  [Status.RADIO_OFF, 'radio off: no region set'],
  [0x0406, 'tag write failed'],
  [0x0407, 'command not available for this protocol'],
  [0x0408, 'bad data for the tag'],
  [0x0409, 'bad address on the tag'],
  [0x040a, 'tag error'],
  [0x040b, 'value too large'],
  [0x040c, 'wrong kill password'],
  [0x040e, 'tag kill failed'],
  [0x040f, 'bits of the tag not decoded'],
  [0x0410, 'bad EPC'],
  [0x0411, 'bad count of data'],
  [0x0413, 'unknown error of the tag'],
  [0x0420, 'tag: other error'],
  [0x0423, 'tag: memory overrun or bad PC'],
  [0x0424, 'tag: memory locked'],
  [0x042b, 'tag: not enough power'],
  [0x042f, 'tag: non-specific error'],
  [0x0430, 'tag: unknown error'],
  [0x0500, 'invalid frequency'],
  [0x0501, 'channel busy'],
  [0x0502, 'transmitter already on'],
  [Status.ANTENNA_MISSING, 'antenna not connected'],
  [Status.TEMPERATURE, 'over temperature'],
  [Status.RETURN_LOSS, 'high return loss: antenna or cable damaged'],
  [0x0507, 'invalid antenna configuration'],
  [0x0509, 'input voltage out of range'],
  [0x0600, 'not enough tags'],
  [Status.BUFFER_FULL, 'reader buffer full: the line is too slow'],
  [0x0602, 'repeated tag in the buffer'],
  [0x0603, 'too many tags for the buffer'],
  [0x0604, 'tag asks for authentication'],
  [0x7f00, 'internal error of the module'],
  [Status.ASSERT, 'assertion failed in the module'],
]);

/** What a status word means. */
export function statusMeaning(status: number): string {
  return TEXTS.get(status) ?? 'unknown status';
}

/** A status word as people read it: `0503 antenna not connected`. */
export function statusText(status: number): string {
  const hex = status.toString(16).toUpperCase().padStart(4, '0');
  return `${hex} ${statusMeaning(status)}`;
}
