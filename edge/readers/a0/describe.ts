import type { Describe, Described } from '../described.ts';
import { A0Codec, type Frame } from './codec.ts';
import { Command } from './commands.ts';
import { fault, head, place, strength, text, u16, u32 } from './fields.ts';
import { epcBytes, isRound, PHASE_BYTES, TID_BYTES } from './record.ts';
import { answer } from './replies.ts';
import { request } from './requests.ts';
import { DIALECT, type Dialect } from './stream.ts';

/** Describes the frames of a line of the A0 protocol. */
export const describe: Describe = (bytes, direction) => describeAs(bytes, direction, DIALECT);

/** As `describe`, for units that differ in what was never verified. */
export function describeAs(bytes: Uint8Array, direction: Parameters<Describe>[1], dialect: Dialect): ReturnType<Describe> {
  const codec = new A0Codec();
  const frames = [...codec.push(bytes), ...codec.lull()];
  return {
    frames: frames.map((frame) => (direction === 'host' ? request(frame) : reply(frame, dialect))),
    dropped: codec.counters.garbage,
  };
}

function reply(frame: Frame, dialect: Dialect): Described {
  return isRound(frame.cmd) ? round(frame, dialect) : answer(frame, dialect);
}

/** A frame of 89, 8A or 8B. */
function round(frame: Frame, dialect: Dialect): Described {
  const { cmd, bytes, data, length } = frame;
  if (length === 1) {
    const code = bytes[data] as number;
    return code === 0x10 ? { kind: 'reply', ...head(frame), ok: true } : fault(frame, code);
  }
  if (length === 2 && cmd === Command.FAST_SWITCH) {
    return fault(frame, bytes[data + 1] as number, { antenna: (bytes[data] as number) + 1 });
  }
  if (length === 7) {
    if (cmd === Command.FAST_SWITCH) {
      return {
        kind: 'end',
        ...head(frame),
        totalRead: (u16(bytes, data) << 8) | (bytes[data + 2] as number),
        durationMs: u32(bytes, data + 3),
      };
    }
    const antenna = (bytes[data] as number) + 1;
    return { kind: 'end', ...head(frame), antenna, readRate: u16(bytes, data + 1), totalRead: u32(bytes, data + 3) };
  }
  return tag(frame, dialect) ?? { kind: 'reply', ...head(frame), data: text(bytes, data, length), malformed: true };
}

/** A tag packet: FreqAnt, PC, EPC, then TID and phase where they are switched on, and the level. */
function tag(frame: Frame, dialect: Dialect): Described | undefined {
  const { bytes, data, length } = frame;
  const sizes = length < 4 ? undefined : epcBytes(length, bytes[data + 1] as number);
  if (sizes === undefined) return undefined;
  const hasPhase = sizes.extra % TID_BYTES === PHASE_BYTES;
  const hasTid = sizes.extra >= TID_BYTES;
  const end = data + length;
  const levelAt = hasPhase && dialect.phaseLast ? end - 1 - PHASE_BYTES : end - 1;
  const phaseAt = dialect.phaseLast ? end - PHASE_BYTES : end - 1 - PHASE_BYTES;
  const level = bytes[levelAt] as number;
  return {
    kind: 'tag',
    ...head(frame),
    epc: text(bytes, data + 3, sizes.epc),
    pc: text(bytes, data + 1, 2),
    ...place(bytes[data] as number, level, dialect),
    ...strength(level, dialect),
    // As sent: no public source tells its unit.
    ...(hasPhase ? { phase: u16(bytes, phaseAt) } : {}),
    ...(hasTid ? { tid: text(bytes, data + 3 + sizes.epc, TID_BYTES) } : {}),
  };
}
