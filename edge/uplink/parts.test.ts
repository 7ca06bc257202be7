import { type AddressInfo, createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { toBase64url } from '../../protocol/bytes.ts';
import type { NodeStatus } from '../../protocol/command.ts';
import { Backoff } from '../backoff.ts';
import { align } from './align.ts';
import { StatusPace } from './status.ts';
import { WebSocketStream } from './stream.ts';
import { type Flight, Window } from './window.ts';

describe('align', () => {
  const chain = (seq: number): Uint8Array => new Uint8Array(32).fill(seq);
  const text = (seq: number): string => toBase64url(chain(seq));
  /** A node at record 10 of epoch 3 that keeps records from 5 on. */
  const own = { epoch: 3, seq: 10, chain: text(10) };
  const kept = (seq: number): Uint8Array | undefined => (seq >= 4 && seq <= 10 ? chain(seq) : undefined);

  it.each([
    ['the hub has everything', { epoch: 3, seq: 10, chain: text(10) }, { do: 'resume', seq: 10 }],
    ['the hub is behind', { epoch: 3, seq: 6, chain: text(6) }, { do: 'resume', seq: 6 }],
    ['the hub is ahead', { epoch: 3, seq: 11, chain: text(11) }, { do: 'newEpoch' }],
    ['the chain differs', { epoch: 3, seq: 6, chain: text(7) }, { do: 'newEpoch' }],
    ['the hub stands where the node keeps nothing', { epoch: 3, seq: 2, chain: text(2) }, { do: 'newEpoch' }],
    ['the hub is in a later epoch', { epoch: 4, seq: 1, chain: text(1) }, { do: 'newEpoch' }],
    ['the hub lost an epoch', { epoch: 2, seq: 99, chain: text(1) }, { do: 'stop' }],
  ])('when %s', (_what, hub, expected) => {
    expect(align(hub, own, kept)).toMatchObject(expected);
  });

  it('begins an epoch at the hub that does not know it yet', () => {
    const all = (seq: number): Uint8Array | undefined => (seq <= 10 ? chain(seq) : undefined);
    expect(align({ epoch: 2, seq: 99, chain: text(1) }, own, all)).toEqual({ do: 'resume', seq: 0 });
    expect(align({ epoch: 1, seq: 99, chain: text(1) }, own, all)).toMatchObject({ do: 'stop' });
  });
});

describe('the window', () => {
  const flight = (first: number, last: number): Flight => ({ epoch: 1, first, last, sentAt: 0 });

  it('never holds more than its size, and nothing twice, whatever comes back', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constant('send'), fc.nat(3), fc.constant('restart')), { maxLength: 60 }), (steps) => {
        const window = new Window(4);
        const onWire: Flight[] = [];
        let acknowledged = 0;
        for (const step of steps) {
          if (step === 'send') {
            if (!window.hasRoom) continue;
            const sent = flight(window.next, window.next + 2);
            window.add(sent);
            onWire.push(sent);
          } else if (step === 'restart') {
            window.restart(acknowledged);
            onWire.length = 0;
          } else {
            const answered = onWire[step as number];
            if (answered === undefined) continue;
            expect(window.acknowledge(answered)).toBe(true);
            expect(window.acknowledge(answered)).toBe(false);
            acknowledged = answered.last;
            onWire.splice(0, (step as number) + 1);
          }
          expect(window.size).toBe(onWire.length);
          expect(window.size).toBeLessThanOrEqual(4);
          expect(window.next).toBe((onWire.at(-1)?.last ?? acknowledged) + 1);
        }
      }),
    );
  });
});

describe('pauses', () => {
  it('double up to the longest, with jitter of at most half, and begin anew after a success', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1, maxLength: 20 }), (randoms) => {
        let i = 0;
        const backoff = new Backoff(250, 30_000, () => randoms[i++ % randoms.length] as number);
        for (let step = 250, n = 0; n < randoms.length; n++, step = Math.min(30_000, step * 2)) {
          const pause = backoff.next();
          expect(pause).toBeGreaterThanOrEqual(Math.floor(step / 2));
          expect(pause).toBeLessThanOrEqual(step);
        }
        backoff.reset();
        expect(backoff.next()).toBeLessThanOrEqual(250);
      }),
    );
  });
});

describe('the pace of the status', () => {
  const status = (more: Partial<NodeStatus> = {}): NodeStatus => ({ v: 1, online: true, at: 1, queued: 0, readers: [], ...more });

  it('sends news soon, counters seldom and the same never', () => {
    const pace = new StatusPace();
    expect(pace.take(status(), 0)).toBe(true);
    expect(pace.take(status({ at: 2 }), 100_000)).toBe(false);
    const counting = status({ readers: [{ id: 'r1', state: 'reading', readsPerSecond: 5 }] });
    expect(pace.take(counting, 500)).toBe(false);
    expect(pace.take(counting, 1_000)).toBe(true);
    const faster = status({ readers: [{ id: 'r1', state: 'reading', readsPerSecond: 900 }] });
    expect(pace.take(faster, 10_000)).toBe(false);
    expect(pace.take(status({ readers: [{ id: 'r1', state: 'failed', readsPerSecond: 0 }] }), 10_000)).toBe(true);
    pace.reset();
    expect(pace.take(status({ readers: [{ id: 'r1', state: 'failed', readsPerSecond: 0 }] }), 10_001)).toBe(true);
  });
});

describe('the stream', () => {
  it('sends what is written in one turn as one frame, and what waits for the socket too', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'mqtt' });
    await new Promise<void>((resolve) => server.once('listening', () => resolve()));
    const frames: string[] = [];
    const accepted = new Promise<WebSocket>((resolve) => server.once('connection', resolve));
    const address = server.address();
    const stream = new WebSocketStream(`ws://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`);
    for (const piece of ['before', ' ', 'open']) stream.write(piece);
    const socket = await accepted;
    const arrived = new Promise<void>((resolve) => {
      socket.on('message', (data: Buffer) => {
        frames.push(data.toString());
        if (frames.length === 1) {
          stream.cork();
          for (const piece of ['one', ' ', 'turn']) stream.write(piece);
          process.nextTick(() => stream.uncork());
        } else resolve();
      });
    });
    await arrived;
    expect(frames).toEqual(['before open', 'one turn']);
    const ended = new Promise<Error>((resolve) => stream.once('error', resolve));
    socket.close(1012, 'deploying');
    expect(await ended).toMatchObject({ code: 'LINK_CLOSED', message: 'the WebSocket was closed: code 1012 deploying' });
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });

  it('ends at once while the hub leaves the handshake without an answer', { timeout: 10_000 }, async () => {
    const deaf = createServer();
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
    const connected = new Promise<Socket>((resolve) => deaf.once('connection', resolve));
    const stream = new WebSocketStream(`ws://127.0.0.1:${(deaf.address() as AddressInfo).port}`);
    stream.on('error', () => undefined);
    const closed = new Promise<void>((resolve) => stream.once('close', () => resolve()));
    // The handshake's own end would come later than this test's.
    const gone = new Promise<void>(
      (resolve) =>
        void connected.then((socket) =>
          socket
            .on('error', () => undefined)
            .resume()
            .once('close', resolve),
        ),
    );
    await connected;
    stream.destroy();
    await Promise.all([closed, gone]);
    await new Promise<void>((resolve) => deaf.close(() => resolve()));
  });

  it('ends when there is no server', async () => {
    const stream = new WebSocketStream('ws://127.0.0.1:1');
    stream.on('error', () => undefined);
    await new Promise<void>((resolve) => stream.once('close', () => resolve()));
    expect(stream.destroyed).toBe(true);
  });
});
