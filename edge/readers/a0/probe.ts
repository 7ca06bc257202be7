import type { Read } from '../../../protocol/read.ts';
import type { Identified, Probe, ProbeLine } from '../probe.ts';
import type { AntennaState } from '../session.ts';
import * as codec from './codec.ts';
import { celsius } from './replies.ts';
import { ReadDecoder } from './stream.ts';

const ANSWER_MS = 200;
/** Measuring an antenna takes longest. */
const MEASURE_MS = 500;
/** A round that an earlier host began hears nothing until it ends. */
const ROUND_MS = 2_000;
/** Return loss in dB under which no antenna is there. */
const THRESHOLD_DB = 3;
/** Any frequency index of the band table is good enough to tell an antenna from an open connector. */
const FREQUENCY = 3;

/** Data of the answer; undefined when none comes. `heard` is told each good frame. */
function ask(line: ProbeLine, command: Uint8Array, ms: number, heard: () => void = () => undefined): Promise<Uint8Array | undefined> {
  const decoder = new codec.A0Codec();
  const cmd = command[3];
  const answer = (chunk: Uint8Array): Uint8Array | undefined => {
    for (const frame of decoder.push(chunk)) {
      heard();
      if (frame.cmd === cmd) return frame.bytes.slice(frame.data, frame.data + frame.length);
    }
    return undefined;
  };
  return line.ask(command, answer, ms);
}

async function identify(line: ProbeLine): Promise<Identified | undefined> {
  let busy = false;
  const firmware =
    (await ask(line, codec.firmware(), ANSWER_MS, () => {
      busy = true;
    })) ?? (busy ? await insist(line) : undefined);
  if (firmware?.length !== 2) return undefined;
  const warmth = await ask(line, codec.temperature(), ANSWER_MS);
  const before = await ask(line, codec.getAntenna(), ANSWER_MS);
  const count = await connectors(line);
  const antennas: AntennaState[] = [];
  for (let port = 1; port <= count; port++) antennas.push({ port, connected: await connected(line, port) });
  // The antenna of commands that name none, as it was.
  if (before?.length === 1 && (before[0] as number) < count) await ask(line, codec.setAntenna((before[0] as number) + 1), ANSWER_MS);
  return {
    model: count === 1 ? 'R2000' : `R2000 ${count} ports`,
    firmware: `${firmware[0]}.${firmware[1]}`,
    antennas,
    ...(warmth?.length === 2 ? { temperatureC: celsius(warmth[0] as number, warmth[1] as number) } : {}),
  };
}

/** Waits for the end of a round. */
async function insist(line: ProbeLine): Promise<Uint8Array | undefined> {
  const deadline = performance.now() + ROUND_MS;
  let answer: Uint8Array | undefined;
  while (answer === undefined && performance.now() < deadline) answer = await ask(line, codec.firmware(), ANSWER_MS);
  return answer;
}

/** By what the reader takes for a port: nothing else tells. */
async function connectors(line: ProbeLine): Promise<1 | 4 | 8> {
  for (const count of [8, 4] as const) {
    if ((await ask(line, codec.setAntenna(count), ANSWER_MS))?.[0] === codec.Code.OK) return count;
  }
  return 1;
}

async function connected(line: ProbeLine, port: number): Promise<boolean | null> {
  await ask(line, codec.setAntenna(port), ANSWER_MS);
  const answer = await ask(line, codec.returnLoss(FREQUENCY), MEASURE_MS);
  const loss = answer?.length === 1 ? (answer[0] as number) : undefined;
  if (loss === codec.Code.ANTENNA_MISSING) return false;
  return loss === undefined || codec.isFailure(loss) ? null : loss >= THRESHOLD_DB;
}

/** Rounds with the region and power that the reader has stored: nothing is written. */
async function sample(line: ProbeLine, { antennas }: Identified, ms: number): Promise<Read[]> {
  const reads: Read[] = [];
  const ports = antennas.filter((one) => one.connected !== false).map(({ port }) => port);
  const decoder = new ReadDecoder();
  const frames = new codec.A0Codec();
  const take = (chunk: Uint8Array): true | undefined => {
    for (const frame of frames.push(chunk)) {
      const event = decoder.decode(frame, Date.now(), reads);
      if (event === 'end' || event === 'fault') return true;
    }
    return undefined;
  };
  const deadline = performance.now() + ms;
  for (let i = 0; ports.length > 0 && performance.now() < deadline; i++) {
    const port = ports[i % ports.length] as number;
    if (ports.length > 1) await ask(line, codec.setAntenna(port), ANSWER_MS);
    if ((await line.ask(codec.realTime(0xff), take, ROUND_MS)) === undefined) break;
  }
  return reads;
}

export const probe: Probe = { bauds: [115_200, 38_400], silentMs: ANSWER_MS, identify, read: sample };
