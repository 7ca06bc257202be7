import type { Read } from '../../../protocol/read.ts';
import type { Identified, Probe, ProbeLine } from '../probe.ts';
import * as codec from './codec.ts';
import { ReadDecoder } from './stream.ts';

const ANSWER_MS = 200;
/** More rounds than fit into a moment; they are stopped. */
const ROUNDS = 1_000;

function ask(line: ProbeLine, command: Uint8Array): Promise<Uint8Array | undefined> {
  const decoder = new codec.BbCodec();
  const answer = (chunk: Uint8Array): Uint8Array | undefined => {
    const frame = decoder.push(chunk).find(({ type, cmd }) => type === codec.Type.RESPONSE && cmd === command[2]);
    return frame?.bytes.slice(frame.data, frame.data + frame.length);
  };
  return line.ask(command, answer, ANSWER_MS);
}

async function identify(line: ProbeLine): Promise<Identified | undefined> {
  // It may be polling for an earlier host; one that is idle answers this, too.
  if ((await ask(line, codec.stopPoll())) === undefined) return undefined;
  const hardware = await ask(line, codec.info(0));
  const firmware = await ask(line, codec.info(1));
  if (hardware === undefined) return undefined;
  return {
    model: codec.infoText(hardware),
    ...(firmware === undefined ? {} : { firmware: codec.infoText(firmware) }),
    antennas: [{ port: 1, connected: null }],
  };
}

/** Rounds with the region and power that the module has. */
async function sample(line: ProbeLine, _: Identified, ms: number): Promise<Read[]> {
  const reads: Read[] = [];
  const frames = new codec.BbCodec();
  const decoder = new ReadDecoder();
  const take = (chunk: Uint8Array): undefined => {
    for (const frame of frames.push(chunk)) decoder.decode(frame, Date.now(), reads);
  };
  await line.ask(codec.multiPoll(ROUNDS), take, ms);
  await ask(line, codec.stopPoll());
  return reads;
}

export const probe: Probe = { bauds: [115_200, 9_600, 19_200, 38_400, 57_600], silentMs: ANSWER_MS, identify, read: sample };
