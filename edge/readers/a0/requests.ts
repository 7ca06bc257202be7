import type { Described } from '../described.ts';
import type { Frame } from './codec.ts';
import { BAUDS, Command, NO_ANTENNA } from './commands.ts';
import { head, hex, text } from './fields.ts';
import { region } from './replies.ts';

const NAMES: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(Command).map(([name, code]) => [code, name.toLowerCase().replaceAll('_', ' ')]),
);
const BANKS = ['reserved', 'epc', 'tid', 'user'];

/** A command of the host, with its arguments where their form is known and always with its data. */
export function request(frame: Frame): Described {
  const { cmd, bytes, data, length } = frame;
  return { kind: 'command', ...head(frame), name: NAMES[cmd] ?? 'unknown', data: text(bytes, data, length), ...details(frame) };
}

function details({ cmd, bytes, data, length }: Frame): object {
  const byte = (at: number): number => bytes[data + at] as number;
  if (length === 0) return {};
  switch (cmd) {
    case Command.REAL_TIME:
    case Command.INVENTORY:
      return { repeat: byte(0) };
    case Command.SESSION:
      return length < 3 ? {} : session(byte, length);
    case Command.FAST_SWITCH:
      return fast(bytes, data, length);
    case Command.SET_ANTENNA:
      return { antenna: byte(0) + 1 };
    case Command.SET_TEMPORARY_POWER:
      return { powerDbm: byte(0) };
    case Command.SET_POWER:
      return { powerDbm: Array.from(bytes.subarray(data, data + length)) };
    case Command.SET_REGION:
      return region(bytes, data, length) ?? {};
    case Command.SET_BAUD:
      return { baud: BAUDS[byte(0)] ?? null };
    case Command.SET_ADDRESS:
      return { newAddress: byte(0) };
    case Command.SET_DETECTOR:
      return { thresholdDb: byte(0) };
    case Command.SET_PROFILE:
      return { profile: hex(byte(0)) };
    case Command.BEEPER:
      return { mode: byte(0) };
    case Command.RETURN_LOSS:
      return { frequencyIndex: byte(0) };
    case Command.WRITE_GPIO:
      return length < 2 ? {} : { pin: byte(0), level: byte(1) };
    case Command.SET_IDENTIFIER:
      return { identifier: text(bytes, data, length) };
    case Command.READ_TAG:
      return length < 3 ? {} : { bank: bank(byte(0)), wordAddress: byte(1), wordCount: byte(2) };
    case Command.WRITE_TAG:
    case Command.BLOCK_WRITE:
      if (length < 7) return {};
      return {
        ...{ password: text(bytes, data, 4), bank: bank(byte(4)), wordAddress: byte(5), wordCount: byte(6) },
        words: text(bytes, data + 7, length - 7),
      };
    case Command.LOCK_TAG:
      return length < 6 ? {} : { password: text(bytes, data, 4), area: byte(4), lock: byte(5) };
    case Command.KILL_TAG:
      return length < 4 ? {} : { password: text(bytes, data, 4) };
    case Command.SET_EPC_MATCH:
      return length >= 2 && length === 2 + byte(1) ? { mode: byte(0), epc: text(bytes, data + 2, byte(1)) } : { mode: byte(0) };
    case Command.SET_FAST_TID:
    case Command.SAVE_FAST_TID:
      return { enabled: byte(0) !== 0 };
    default:
      return {};
  }
}

const bank = (code: number): string => BANKS[code] ?? hex(code);
const target = (code: number): string => (code === 0 ? 'A' : 'B');

/** Session, target, repeat; newer firmware puts SL and phase in between (unverified). */
function session(byte: (at: number) => number, length: number): object {
  const newer = length >= 5 ? { sl: byte(2), phase: byte(3) === 1 } : {};
  return { session: byte(0), target: target(byte(1)), ...newer, repeat: byte(length - 1) };
}

/** Pairs of antenna and stay for 4 or 8 connectors, then interval and repeat. Longer forms exist; their middle is not documented. */
function fast(bytes: Uint8Array, data: number, length: number): object {
  const connectors = length === 10 ? 4 : length >= 18 ? 8 : 0;
  if (connectors === 0) return {};
  const stays = Array.from({ length: connectors }, (_, i) => ({
    antenna: (bytes[data + 2 * i] as number) + 1,
    stay: bytes[data + 2 * i + 1] as number,
  })).filter(({ antenna, stay }) => antenna <= connectors && antenna <= NO_ANTENNA && stay > 0);
  const intervalMs = bytes[data + 2 * connectors] as number;
  return { connectors, stays, intervalMs, repeat: bytes[data + length - 1] as number };
}
