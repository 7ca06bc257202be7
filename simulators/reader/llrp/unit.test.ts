import { connect } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import * as codec from '../../../edge/readers/llrp/codec.ts';
import { LlrpDecoder } from '../../../edge/readers/llrp/decoder.ts';
import { readerEvents } from '../../../edge/readers/llrp/events.ts';
import type { Read } from '../../../protocol/read.ts';
import type { Sighting } from '../device.ts';
import { ReaderEmulator } from '../emulator.ts';
import { HOPPER, IMPINJ } from './answers.ts';
import { EmulatedLlrpReader, type UnitOptions } from './unit.ts';

const NOW = 1_764_000_000_000;
const EPC = '3034257BF7194E4000001A85';
const seen = (antenna: number): Sighting => ({ epc: EPC, antenna, rssi: -50 });
const frames = (bytes: readonly Uint8Array[]): codec.Frame[] => new codec.LlrpCodec().push(Buffer.concat(bytes));
const ask = (unit: EmulatedLlrpReader, command: codec.Command): codec.Frame | undefined => frames(unit.hear(command(7)))[0];
const codeOf = (unit: EmulatedLlrpReader, command: codec.Command): number | undefined => {
  const answer = ask(unit, command);
  return answer === undefined ? undefined : codec.statusOf(answer)?.code;
};
const events = (bytes: readonly Uint8Array[]): unknown[] =>
  frames(bytes).flatMap((frame) => readerEvents(frame).filter(({ kind }) => kind !== 'time'));
const reads = (unit: EmulatedLlrpReader, now: number, sightings: readonly Sighting[]): Read[] =>
  new LlrpDecoder(IMPINJ.frequencies).push(now, Buffer.concat(unit.stream(now, sightings)));
const spec = (ports: readonly number[], impinj = false, power = 1): codec.Command =>
  codec.addRoSpec(
    codec.roSpec({ id: 1, session: 1, impinj, transmitters: ports.map((port) => ({ port, power, hopTable: 0, channel: 1 })) }),
  );

function started(connected = [1, 2], options: UnitOptions = {}): EmulatedLlrpReader {
  const unit = new EmulatedLlrpReader(4, connected, options);
  unit.greet(NOW);
  for (const command of [codec.configure(1_000), codec.enableInputs(2), spec([1, 2]), codec.enableRoSpec(1), codec.startRoSpec(1)]) {
    expect(codeOf(unit, command)).toBe(0);
  }
  return unit;
}

describe('an emulated LLRP reader', () => {
  it('greets its host, and tells a second one that it is taken', () => {
    const unit = started();
    expect(events(unit.greet(NOW))).toEqual([{ kind: 'attempt', status: 0 }]);
    expect(events(unit.refuse(NOW))).toEqual([{ kind: 'attempt', status: 2 }]);
    expect(events(unit.stream(NOW, []))).toEqual([{ kind: 'attempt', status: 4 }]);
  });

  it('answers with a status that says why it refuses', () => {
    const unit = new EmulatedLlrpReader(4, [1], { make: HOPPER });
    expect(codeOf(unit, codec.enableImpinj())).toBe(109);
    expect(ask(unit, (id) => codec.message(26, id))).toMatchObject({ type: codec.Message.ERROR_MESSAGE, id: 7 });
    expect(codeOf(unit, codec.addRoSpec([]))).toBe(103);
    expect(codeOf(unit, spec([5]))).toBe(201);
    expect(codeOf(unit, spec([1], false, 99))).toBe(201);
    expect(codeOf(unit, spec([1], true))).toBe(209);
    expect(codeOf(unit, codec.startRoSpec(1))).toBe(300);
    expect(codeOf(unit, codec.setOutput(9, true))).toBe(201);
  });

  it('reports what the antennas of its ROSpec see, each tag at once, between its signs of life', () => {
    const unit = started([1, 3]);
    expect(frames(unit.stream(NOW + 500, [seen(1), seen(2), seen(3), seen(1)])).map(({ type }) => type)).toEqual([61, 61]);
    expect(frames(unit.stream(NOW + 1_000, [])).map(({ type }) => type)).toEqual([62]);
    expect(unit.stream(NOW + 1_500, [])).toEqual([]);
  });

  it('leaves out what has not changed, and begins anew with each host', () => {
    const unit = started();
    const sizes = (): number[] => unit.stream(NOW, [seen(1), seen(1), seen(2)]).map((bytes) => bytes.length);
    // Antenna and count of three bytes each are left out of the second report, the count of the third.
    expect(sizes()).toEqual([56, 50, 53]);
    unit.greet(NOW);
    expect(sizes()[0]).toBe(56);
    // A host that does not keep the last values has nothing to go by.
    expect(reads(unit, NOW, [seen(2)])).toEqual([]);
  });

  it('tells of antennas, inputs and its buffer, once they were asked for', () => {
    const unit = new EmulatedLlrpReader(4, [1]);
    unit.antenna(1, false);
    unit.input(1, true);
    expect(unit.stream(NOW, [])).toEqual([]);
    const asked = started();
    asked.antenna(2, false);
    asked.input(2, true);
    asked.input(3, true);
    asked.overflow();
    expect(events(asked.stream(NOW, [seen(1)]))).toEqual([
      { kind: 'antenna', port: 2, connected: false },
      { kind: 'input', pin: 2, high: true },
      { kind: 'warning', percent: 90 },
      { kind: 'overflow' },
    ]);
    expect(asked.records).toBe(0);
  });

  it('loses what it was told when its power fails', () => {
    const unit = started();
    expect(events([unit.reboot()])).toEqual([{ kind: 'close' }]);
    expect(unit.streaming).toBe(false);
    expect(unit.settings.keepaliveMs).toBe(0);
  });
});

const toClose: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

it('closes the connection of a second host, and keeps that of the first', async () => {
  const make = (ports: number, connected: readonly number[]): EmulatedLlrpReader => new EmulatedLlrpReader(ports, connected);
  const emulator = await ReaderEmulator.with(make, { transport: { kind: 'tcp', port: 0 } });
  toClose.push(() => emulator.close());
  const host = (): { heard: Uint8Array[]; closed: boolean } => {
    const state = { heard: [] as Uint8Array[], closed: false };
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(emulator.path).port) });
    socket.on('data', (chunk) => state.heard.push(chunk));
    socket.on('close', () => {
      state.closed = true;
    });
    toClose.push(() => void socket.destroy());
    return state;
  };
  const first = host();
  await vi.waitFor(() => expect(events(first.heard)).toEqual([{ kind: 'attempt', status: 0 }]));
  const second = host();
  await vi.waitFor(() => expect(second.closed).toBe(true));
  expect(events(second.heard)).toEqual([{ kind: 'attempt', status: 2 }]);
  await vi.waitFor(() =>
    expect(events(first.heard)).toEqual([
      { kind: 'attempt', status: 0 },
      { kind: 'attempt', status: 4 },
    ]),
  );
  expect(first.closed).toBe(false);
});
