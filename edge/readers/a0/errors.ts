/** Codes of a reply. 10 is success; all others are faults. */
export const Code = {
  OK: 0x10,
  FAIL: 0x11,
  ANTENNA_MISSING: 0x22,
  BUFFER_EMPTY: 0x38,
  PARAMETER: 0x41,
  ANTENNA: 0x47,
  POWER: 0x48,
  REGION: 0x49,
  BAUD: 0x4a,
  BEEPER: 0x4b,
  RETURN_LOSS: 0xee,
} as const;

const TEXTS: Readonly<Record<number, string>> = {
  16: 'command succeeded',
  17: 'command failed',
  32: 'the controller could not reset',
  33: 'the carrier could not be switched on',
  34: 'antenna missing: it is not connected',
  35: 'the flash could not be written',
  36: 'the flash could not be read',
  37: 'the power could not be set',
  49: 'inventory failed',
  50: 'the tag could not be read',
  51: 'the tag could not be written',
  52: 'the tag could not be locked',
  53: 'the tag could not be killed',
  54: 'no tag to operate on',
  55: 'the tag was found, access to it failed',
  56: 'the buffer is empty',
  60: 'NXP custom command failed',
  64: 'access failed or wrong password',
  65: 'invalid parameter',
  66: 'invalid count of words',
  67: 'invalid memory bank',
  68: 'invalid region to lock',
  69: 'invalid lock action',
  70: 'invalid reader address',
  71: 'invalid antenna',
  72: 'power out of range',
  73: 'frequency region out of range',
  74: 'baud rate out of range',
  75: 'beeper mode out of range',
  76: 'EPC to match is too long',
  77: 'wrong length of the EPC to match',
  78: 'invalid mode of EPC match',
  79: 'frequency out of range',
  80: 'no RN16 from the tag',
  81: 'invalid DRM setting',
  82: 'the synthesizer does not lock',
  83: 'the radio chip does not answer',
  84: 'the power is not reached',
  85: 'copyright check failed',
  86: 'the spectrum is not within its rules',
  87: 'the power is too low',
  238: 'the return loss could not be measured',
};

/** What a code means, for logs and the command line. */
export function codeMeaning(code: number): string {
  return TEXTS[code] ?? 'unknown code';
}

/** The code with its meaning: "22 antenna not connected". */
export function codeText(code: number): string {
  return `${code.toString(16).toUpperCase().padStart(2, '0')} ${codeMeaning(code)}`;
}

/** Whether a byte is a code of the protocol that stands for a failure. */
export function isFailure(code: number): boolean {
  return code !== Code.OK && TEXTS[code] !== undefined;
}
