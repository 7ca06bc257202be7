import { toHex } from '../../../protocol/bytes.ts';
import type { Read } from '../../../protocol/read.ts';
import type { Describe, Described } from '../described.ts';
import { type Frame, Status, statusText, ThingMagicCodec } from './codec.ts';
import { ReadDecoder } from './stream.ts';

/** Describes the frames of a line of the ThingMagic protocol. */
export const describe: Describe = (bytes, direction) => {
  const codec = new ThingMagicCodec(direction === 'reader' ? 'replies' : 'commands');
  const frames = [...codec.push(bytes), ...codec.lull()];
  const described = frames.flatMap((frame) => (direction === 'host' ? [command(frame)] : reply(frame)));
  return { frames: described, dropped: codec.counters.garbage };
};

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

function command({ op, bytes, data, length }: Frame): Described {
  return { kind: 'command', opcode: hex(op, 2), data: toHex(bytes, data, length).toLowerCase() };
}

function reply(frame: Frame): Described[] {
  const reads: Read[] = [];
  const event = new ReadDecoder().decode(frame, 0, reads);
  if (event === 'cycle') return [{ kind: 'keepalive', opcode: hex(frame.op, 2) }];
  if (event === 'ended') return [{ kind: 'end', opcode: hex(frame.op, 2) }];
  if (frame.status !== Status.OK) return [{ kind: 'fault', code: hex(frame.status, 4), meaning: statusText(frame.status).slice(5) }];
  const read = reads[0];
  if (read !== undefined) return [{ kind: 'tag', epc: read.epc.toLowerCase(), antenna: read.antenna, rssi: read.rssi }];
  return [{ kind: 'reply', opcode: hex(frame.op, 2), data: toHex(frame.bytes, frame.data, frame.length).toLowerCase() }];
}
