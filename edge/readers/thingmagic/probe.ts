import { concat } from '../../../protocol/bytes.ts';
import type { Identified, Probe, ProbeLine } from '../probe.ts';
import * as codec from './codec.ts';
import { portStates } from './statistics.ts';

/** An answer takes a few milliseconds; a network module, or a USB adapter that collects bytes, some tens. */
const ANSWER_MS = 200;
/** A module that streams first sends the tags that it has queued. */
const STOP_MS = 1_000;
/** Wakes a module from power save and ends whatever frame it was reading. */
const WAKE = new Uint8Array(8).fill(0xff);
/** Hardware, then the date and the four bytes of the firmware. */
const HARDWARE_AT = 4;
const FIRMWARE_AT = 12;

async function ask(line: ProbeLine, command: Uint8Array, ms: number): Promise<Uint8Array | undefined> {
  const decoder = new codec.ThingMagicCodec();
  const data = (chunk: Uint8Array): Uint8Array | undefined => {
    const frame = decoder.push(chunk).find(({ op, status }) => op === command[2] && status === codec.Status.OK);
    return frame?.bytes.slice(frame.data, frame.data + frame.length);
  };
  return line.ask(command, data, ms);
}

/** Ends a stream; true when anything of this protocol came, so that the rate is right. */
async function stop(line: ProbeLine): Promise<boolean> {
  const decoder = new codec.ThingMagicCodec();
  let ended = false;
  const heard = (chunk: Uint8Array): true | undefined => {
    const frames = decoder.push(chunk);
    ended ||= frames.some(
      ({ op, bytes, data, length }) => op === codec.Op.MULTI_PROTOCOL && length > 0 && bytes[data] === codec.Multi.STOP,
    );
    return frames.length > 0 ? true : undefined;
  };
  if ((await line.ask(concat(WAKE, codec.stopStream()), heard, ANSWER_MS)) === undefined) return false;
  if (!ended) {
    const rest = (chunk: Uint8Array): true | undefined => {
      heard(chunk);
      return ended ? true : undefined;
    };
    await line.ask(new Uint8Array(0), rest, STOP_MS);
  }
  return true;
}

async function identify(line: ProbeLine): Promise<Identified | undefined> {
  // One that does not stream need not answer to the end of a stream: the version decides.
  await stop(line);
  const version = await ask(line, codec.version(), ANSWER_MS);
  if (version === undefined) return undefined;
  const hardware = version[HARDWARE_AT] ?? 0;
  const firmware = [...version.subarray(FIRMWARE_AT, FIRMWARE_AT + 4)].map((byte) => byte.toString(16).padStart(2, '0')).join('.');
  const ports = await ask(line, codec.detectAntennas(), ANSWER_MS);
  const temperature = await ask(line, codec.temperature(), ANSWER_MS);
  return {
    model: codec.modelOf(hardware),
    ...(firmware === '' ? {} : { firmware }),
    antennas: ports === undefined ? [] : portStates(ports, 1, ports.length),
    ...(temperature?.length === 1 ? { temperatureC: ((temperature[0] as number) << 24) >> 24 } : {}),
  };
}

/** Region, power, list and session of a module are gone when it loses power: a session may be started and stopped. */
export const probe: Probe = {
  bauds: [115_200, 921_600, 460_800, 9_600, 230_400, 57_600, 38_400, 19_200],
  silentMs: 2 * ANSWER_MS,
  read: 'session',
  identify,
};
