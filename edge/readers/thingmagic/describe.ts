import type { Describe, Described } from '../described.ts';
import { ThingMagicCodec } from './codec.ts';
import { describeCommand } from './describecommand.ts';
import { describeReply } from './describereply.ts';

/**
 * Describes the frames of a line of the ThingMagic protocol (M5e, M6e, M7e and what is compatible with them). A line stands alone, so that
 * settings of a module are not known: antenna numbers are those of the module's own ports, without a multiplexer behind its outputs.
 */
export const describe: Describe = (bytes, direction) => {
  const codec = new ThingMagicCodec(direction === 'reader' ? 'replies' : 'commands');
  const described: Described[] = [];
  for (const frame of [...codec.push(bytes), ...codec.lull()]) {
    described.push(...(direction === 'host' ? [describeCommand(frame)] : describeReply(frame)));
  }
  return { frames: described, dropped: codec.counters.garbage };
};
