import type { Read } from '../../../protocol/read.ts';
import type { Identified, Probe, ProbeLine } from '../probe.ts';
import * as codec from './codec.ts';
import { PLAIN_TYPES, SCAN_STEPS, START_Q, temperatureOf } from './startup.ts';
import { ReadDecoder } from './stream.ts';

const ANSWER_MS = 200;
/** Ends whatever frame the reader takes the bytes before for: more than 15 ms. */
const GAP_MS = 20;
/** A reader that is busy loses a command without a word. */
const ATTEMPTS = 4;
const ROUND_MS = 1_000;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Answer {
  readonly status: number;
  readonly data: Uint8Array;
}

function ask(line: ProbeLine, command: Uint8Array, ms: number, heard: () => void = () => undefined): Promise<Answer | undefined> {
  const decoder = new codec.Uhf18Codec();
  const answer = (chunk: Uint8Array): Answer | undefined => {
    for (const { cmd, status, bytes, data, length } of decoder.push(chunk)) {
      heard();
      if (cmd === command[2]) return { status, data: bytes.slice(data, data + length) };
    }
    return undefined;
  };
  return line.ask(command, answer, ms);
}

async function identify(line: ProbeLine): Promise<Identified | undefined> {
  const info = await infoOf(line);
  if (info === undefined) return undefined;
  const warmth = await ask(line, codec.temperature(), ANSWER_MS);
  const temperatureC = warmth?.status === codec.Status.OK ? temperatureOf(warmth.data) : undefined;
  return {
    model: info.typeName,
    firmware: info.version,
    // Whether one is connected it tells only while it reads.
    antennas: portsOf(info).map((port) => ({ port, connected: null })),
    ...(temperatureC === undefined ? {} : { temperatureC }),
  };
}

async function infoOf(line: ProbeLine): Promise<codec.Info | undefined> {
  let frames = 0;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    await sleep(GAP_MS);
    const answer = await ask(line, codec.info(), ANSWER_MS, () => frames++);
    if (answer?.status === codec.Status.OK) return codec.infoOf(answer.data, 0, answer.data.length);
    // At a wrong rate there is only noise, and nothing to insist on.
    if (frames === 0) return undefined;
  }
  return undefined;
}

/** Antennas in use, as stored; a UHFReader18 has one. */
const portsOf = ({ type, mask = 1 }: codec.Info): number[] =>
  PLAIN_TYPES.has(type) ? [1] : [1, 2, 3, 4, 5, 6, 7, 8].filter((port) => (mask >> (port - 1)) & 1);

/** Listens to one that pushes, asks any other for rounds: mode, region and power stay as they are stored. */
async function sample(line: ProbeLine, _: Identified, ms: number): Promise<Read[]> {
  const reads: Read[] = [];
  const info = await infoOf(line);
  if (info === undefined) return reads;
  const isPlain = PLAIN_TYPES.has(info.type);
  const frames = new codec.Uhf18Codec();
  const decoder = new ReadDecoder(undefined, isPlain ? '18' : '288');
  const take = (chunk: Uint8Array): true | undefined => {
    let over: true | undefined;
    for (const frame of frames.push(chunk)) {
      const event = decoder.decode(frame, Date.now(), reads);
      if (frame.cmd !== codec.Cmd.PUSH && (event === 'round' || event === 'fault')) over = true;
    }
    return over;
  };
  const deadline = performance.now() + ms;
  const mode = isPlain ? undefined : await ask(line, codec.readParameters(), ANSWER_MS);
  if (mode?.status === codec.Status.OK && (mode.data[0] ?? codec.Mode.ANSWER) !== codec.Mode.ANSWER) {
    await line.ask(new Uint8Array(0), (chunk) => void take(chunk), Math.max(0, deadline - performance.now()));
    return reads;
  }
  const ports = portsOf(info);
  for (let i = 0; performance.now() < deadline; i++) {
    const round = isPlain ? codec.inventory18() : codec.inventory288(START_Q, 0, ports[i % ports.length] ?? 1, SCAN_STEPS);
    if ((await line.ask(round, take, ROUND_MS)) === undefined) break;
  }
  return reads;
}

export const probe: Probe = {
  bauds: [57_600, 115_200, 38_400, 19_200, 9_600],
  silentMs: GAP_MS + ANSWER_MS,
  identify,
  read: sample,
};
