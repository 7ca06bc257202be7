import { createServer, type Socket } from 'node:net';
import { Fault } from '../../../protocol/fault.ts';
import type { TapeEntry } from './tape.ts';

const HOST = '127.0.0.1';
/** A recording that is served is held in memory: an hour of a busy reader. */
const MAX_BYTES = 134_217_728;
/** What a host has sent and nothing in the recording answers. */
const MAX_PENDING = 4_096;

export interface ServedTape {
  /** `tcp://127.0.0.1:port`, as a driver opens it. */
  readonly link: string;
  stop(): Promise<void>;
}

type Step = { readonly host: boolean; readonly t: number; readonly bytes: Buffer };

/**
 * Offers the recorded bytes on a TCP port of this machine, as the reader's end of a line. A command of the host is looked for in the
 * recording, and what followed it there is sent, in time or at once; commands that were not recorded get no answer. A driver can start so when
 * its start is on the recording and its settings are the same. @throws Fault REPLAY_SERVE
 */
export async function serveTape(entries: AsyncIterable<TapeEntry>, port: number, inTime: boolean): Promise<ServedTape> {
  const steps: Step[] = [];
  let size = 0;
  for await (const entry of entries) {
    if (entry.kind !== 'reader' && entry.kind !== 'host') continue;
    size += entry.bytes.length;
    if (size > MAX_BYTES) throw new Fault('REPLAY_SERVE', `the recording holds more than ${MAX_BYTES} bytes: serve a shorter one`);
    steps.push({ host: entry.kind === 'host', t: entry.t, bytes: Buffer.from(entry.bytes) });
  }
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    let pending = Buffer.alloc(0);
    let at = 0;
    let timer: NodeJS.Timeout | undefined;
    const play = (from: number): void => {
      clearTimeout(timer);
      for (at = from; steps[at]?.host === false; at++) {
        const step = steps[at] as Step;
        socket.write(step.bytes);
        const next = steps[at + 1];
        if (!inTime || next?.host !== false) continue;
        timer = setTimeout(() => play(at + 1), next.t - step.t);
        return;
      }
    };
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      sockets.delete(socket);
    });
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk]).subarray(-MAX_PENDING);
      for (let found = match(steps, at, pending); found !== undefined; found = match(steps, at, pending)) {
        pending = pending.subarray(found.end);
        play(found.index + 1);
      }
    });
    // A recording of a reader that was streaming already begins with its bytes.
    play(0);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new Fault('REPLAY_SERVE', `port ${port} is not free (${error.message}): choose another`)));
    server.listen(port, HOST, resolve);
  });
  const address = server.address();
  const bound = address !== null && typeof address === 'object' ? address.port : port;
  return {
    link: `tcp://${HOST}:${bound}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** The next recorded command from `at` on that stands in what the host has sent. */
function match(steps: readonly Step[], at: number, pending: Buffer): { index: number; end: number } | undefined {
  for (let index = at; index < steps.length && pending.length > 0; index++) {
    const step = steps[index] as Step;
    if (!step.host) continue;
    const found = pending.indexOf(step.bytes);
    if (found >= 0) return { index, end: found + step.bytes.length };
  }
  return undefined;
}
