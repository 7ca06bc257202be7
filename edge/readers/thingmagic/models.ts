/** First byte of the hardware version. */
export const Hardware = {
  ...{ M5E: 0x00, M5E_COMPACT: 0x01, M5E_I: 0x02, M4E: 0x03, M6E: 0x18, M6E_I: 0x19, MICRO: 0x20, NANO: 0x30, M7E: 0x38, M3E: 0x80 },
} as const;

const NAMES: ReadonlyMap<number, string> = new Map([
  [Hardware.M5E, 'M5e'],
  [Hardware.M5E_COMPACT, 'M5e-Compact'],
  [Hardware.M5E_I, 'M5e-I'],
  [Hardware.M4E, 'M4e'],
  [Hardware.M6E, 'M6e'],
  [Hardware.M6E_I, 'M6e-I'],
  [Hardware.MICRO, 'M6e Micro'],
  [Hardware.NANO, 'M6e Nano'],
  [Hardware.M7E, 'M7e'],
  [Hardware.M3E, 'M3e'],
]);

/** A model as people name it, by the first byte of its hardware version. */
export function modelOf(hardware: number): string {
  return NAMES.get(hardware) ?? `ThingMagic ${hardware.toString(16).padStart(2, '0')}`;
}

/** The first firmware that takes commands while it streams, by the bytes of its version. */
const WRAPS_FROM: ReadonlyMap<number, readonly number[]> = new Map([
  [Hardware.M6E, [0x01, 0x21, 0x01, 0x19]],
  [Hardware.M6E_I, [0x01, 0x21, 0x01, 0x19]],
  [Hardware.MICRO, [0x01, 0x09, 0x00, 0x14]],
  [Hardware.NANO, [0x01, 0x07, 0x00, 0x0e]],
]);

/**
 * Whether this firmware (its four version bytes) takes wrapped commands while it streams. Every M7e does; of a model that is not known it is
 * assumed, and found out by the first command.
 */
export function wrapsCommands(hardware: number, firmware: Uint8Array): boolean {
  const from = WRAPS_FROM.get(hardware);
  if (from === undefined) return true;
  for (let i = 0; i < from.length; i++) {
    const difference = (firmware[i] ?? 0) - (from[i] as number);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** The generation before streaming: it searches and hands out its tag buffer. */
export function onlyPolled(hardware: number): boolean {
  return hardware <= Hardware.M4E;
}
