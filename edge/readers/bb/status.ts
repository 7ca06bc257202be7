/** Error codes of a response FF. */
export const ErrorCode = {
  /** No tag answered, or with a wrong checksum: comes with every empty round. */
  NO_TAG: 0x15,
  COMMAND: 0x17,
} as const;

const TEXTS: Readonly<Record<number, string>> = {
  9: 'no tag to read, or its data have a wrong checksum',
  16: 'no tag to write to',
  18: 'no tag to kill',
  19: 'no tag to lock',
  [ErrorCode.NO_TAG]: 'no tag, or its answer has a wrong checksum',
  22: 'wrong access password',
  [ErrorCode.COMMAND]: 'unknown command or bad parameter',
  32: 'all channels are busy',
};
const ACTIONS: Readonly<Record<number, string>> = { 10: 'read', 11: 'write', 12: 'lock', 13: 'kill' };
/** Error codes of a tag (EPC Gen2 Annex I), the low half of a code from A0 up. */
const TAG_TEXTS: Readonly<Record<number, string>> = {
  0: 'other error',
  3: 'memory overrun',
  4: 'memory locked',
  11: 'too little power',
  15: 'no specific code',
};

export function errorMeaning(code: number): string {
  const action = ACTIONS[code >> 4];
  if (action !== undefined) return `${action} refused by the tag: ${TAG_TEXTS[code & 15] ?? 'unknown code'}`;
  return TEXTS[code] ?? 'unknown error';
}

/** An error as people read it: `17 unknown command or bad parameter`. */
export const errorText = (code: number): string => `${code.toString(16).toUpperCase().padStart(2, '0')} ${errorMeaning(code)}`;
