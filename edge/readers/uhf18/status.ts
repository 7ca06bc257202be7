/** Status bytes of a reply that the driver acts on or names. */
export const Status = {
  OK: 0x00,
  /** Inventory: last frame. */
  DONE: 0x01,
  /** Inventory: the scan time is over; this frame still carries tags. */
  TIME_OUT: 0x02,
  /** Inventory: further frames follow. */
  MORE: 0x03,
  /** Inventory: the reader's memory is full; this frame still carries tags, others are lost. */
  MEMORY_FULL: 0x04,
  SAVE_FAILED: 0x13,
  POWER_FAILED: 0x14,
  STATISTICS: 0x26,
  HEARTBEAT: 0x28,
  ANTENNA: 0xf8,
  EXECUTE: 0xf9,
  POOR_LINK: 0xfa,
  NO_TAG: 0xfb,
  TAG_ERROR: 0xfc,
  LENGTH: 0xfd,
  BAD_COMMAND: 0xfe,
  PARAMETER: 0xff,
} as const;

const TEXTS: Readonly<Record<number, string>> = {
  [Status.OK]: 'ok',
  [Status.DONE]: 'inventory done',
  [Status.TIME_OUT]: 'scan time over',
  [Status.MORE]: 'more frames follow',
  [Status.MEMORY_FULL]: 'memory full: further tags are lost',
  5: 'wrong access password',
  9: 'kill failed',
  10: 'the kill password is zero: the tag can not be killed',
  11: 'the tag does not support this command',
  12: 'the access password is zero',
  13: 'the tag is protected already',
  14: 'the tag is not protected',
  16: '18000-6B bytes are locked and not written',
  17: 'lock failed',
  18: 'locked already',
  [Status.SAVE_FAILED]: 'not saved: valid until power-off',
  [Status.POWER_FAILED]: 'power not set',
  21: '18000-6B inventory done',
  22: '18000-6B scan time over',
  23: '18000-6B more frames follow',
  24: '18000-6B memory full',
  25: 'the tag is protected or its access password is not zero',
  26: 'the command failed on the tag',
  [Status.STATISTICS]: 'statistics of the inventory',
  [Status.HEARTBEAT]: 'heartbeat',
  [Status.ANTENNA]: 'antenna not connected',
  [Status.EXECUTE]: 'the command failed',
  [Status.POOR_LINK]: 'tag seen, but the link to it is poor',
  [Status.NO_TAG]: 'no tag',
  [Status.TAG_ERROR]: 'error of the tag',
  [Status.LENGTH]: 'wrong length of the command',
  [Status.BAD_COMMAND]: 'unknown command or wrong checksum',
  [Status.PARAMETER]: 'bad parameter',
};

/** Error codes of a tag (EPC Gen2 Annex I), the second byte of an answer with status FC. */
const TAG_TEXTS: Readonly<Record<number, string>> = {
  0: 'other error',
  3: 'memory overrun or bad PC',
  4: 'memory locked',
  11: 'too little power',
  15: 'no specific code',
};

const hex = (value: number): string => value.toString(16).toUpperCase().padStart(2, '0');

export const statusMeaning = (status: number): string => TEXTS[status] ?? 'unknown status';
export const tagErrorMeaning = (code: number): string => TAG_TEXTS[code] ?? 'unknown error of the tag';

/** A status as people read it: `F8 antenna not connected`. */
export const statusText = (status: number): string => `${hex(status)} ${statusMeaning(status)}`;
