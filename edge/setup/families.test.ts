import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Read } from '../../protocol/read.ts';
import { EmulatedA0 } from '../../simulators/reader/a0/unit.ts';
import { EmulatedDeskModule } from '../../simulators/reader/bb/device.ts';
import type { EmulatedDevice } from '../../simulators/reader/device.ts';
import { ReaderEmulator } from '../../simulators/reader/emulator.ts';
import { EmulatedLlrpReader } from '../../simulators/reader/llrp/unit.ts';
import { EmulatedModule } from '../../simulators/reader/thingmagic/module.ts';
import { M5E, OLD_M6E } from '../../simulators/reader/thingmagic/personality.ts';
import { EmulatedUhfReader } from '../../simulators/reader/uhf18/device.ts';
import { openLink } from '../readers/link/open.ts';
import { openReader } from '../readers/open.ts';
import { probeLink } from './probe.ts';
import { Player } from './recording/player.ts';
import { recording } from './recording/recorder.ts';
import { Tap } from './recording/tap.ts';
import { parseEntry, parseHeader } from './recording/tape.ts';

const toClose: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

const EPCS = ['30340BF2C87A1B40000003E9', '30340BF2C87A1B40000003EA'];

async function emulated<D extends EmulatedDevice>(make: () => D, uart = true): Promise<ReaderEmulator<D>> {
  const emulator = await ReaderEmulator.with(make, {
    transport: { kind: 'pty', uart },
    source: () => EPCS.map((epc) => ({ epc, antenna: 1, rssi: -50 })),
  });
  toClose.push(() => emulator.close());
  return emulator;
}

const CASES: readonly [string, string, () => EmulatedDevice, object][] = [
  ['an M6e with old firmware', 'thingmagic', () => new EmulatedModule(4, [1], OLD_M6E), { model: 'M6e', firmware: '01.11.00.27' }],
  ['an M5e', 'thingmagic', () => new EmulatedModule(4, [1], M5E), { model: 'M5e' }],
  ['an R2000 with four ports', 'a0', () => new EmulatedA0(4, [1]), { model: 'R2000 4 ports', firmware: '1.9', temperatureC: 41 }],
  ['an R2000 with one port', 'a0', () => new EmulatedA0(1, [1]), { model: 'R2000' }],
  ['an R2000 at its other rate', 'a0', () => new EmulatedA0(4, [1], { baud: 38_400 }), { model: 'R2000 4 ports' }],
  ['a UHFReader288', 'uhf18', () => new EmulatedUhfReader(4, [1], '288'), { firmware: expect.any(String), temperatureC: 38 }],
  ['a UHFReader86', 'uhf18', () => new EmulatedUhfReader(4, [1], '86'), {}],
  ['a UHFReader18', 'uhf18', () => new EmulatedUhfReader(1, [1], '18'), {}],
  ['an M100', 'bb', () => new EmulatedDeskModule(1, [1]), { model: 'M100 26dBm V1.0', firmware: 'V2.3.5' }],
];

/** What a device keeps without power. */
function kept(device: EmulatedDevice): unknown {
  if (device instanceof EmulatedA0) return { ...device.stored, writes: device.writes };
  if (device instanceof EmulatedUhfReader) return device.settings;
  return device instanceof EmulatedDeskModule ? device.settings : device.baud;
}

async function onNetwork(): Promise<ReaderEmulator<EmulatedLlrpReader>> {
  const emulator = await ReaderEmulator.with(() => new EmulatedLlrpReader(4, [1, 2]), {
    transport: { kind: 'tcp', port: 0 },
    source: () => EPCS.map((epc) => ({ epc, antenna: 1, rssi: -50 })),
  });
  toClose.push(() => emulator.close());
  return emulator;
}

describe('the probe', () => {
  it('knows a network reader, reads with a specification of its own and takes it away again', { timeout: 60_000 }, async () => {
    const emulator = await onNetwork();
    const found = await probeLink(emulator.path, { region: 'EU3', sampleMs: 2_000 });
    expect(found).toMatchObject({ state: 'found', family: 'llrp', reader: { model: expect.stringContaining('Impinj') }, faults: [] });
    if (found.state !== 'found') expect.fail('not found');
    expect(found.reader.antennas.map(({ connected }) => connected)).toEqual([true, true, false, false]);
    expect(found.sample?.[0]).toMatchObject({ port: 1, tags: 2 });
    expect(emulator.module.spec).toBeUndefined();
  });

  it('says of a network reader that another program has it, and does not read', { timeout: 60_000 }, async () => {
    const { path } = await onNetwork();
    const other = await openLink(path, 0, { data: () => undefined, lost: () => undefined });
    toClose.push(() => other.close());
    const found = await probeLink(path, { region: 'EU3', sampleMs: 500 });
    expect(found).toMatchObject({ state: 'found', family: 'llrp', faults: [expect.stringContaining('another program')] });
    expect(found).not.toHaveProperty('sample');
  });

  it.each(CASES)(
    'knows %s among all families, reads with it, and leaves what it keeps',
    { timeout: 60_000 },
    async (_, family, make, reader) => {
      const emulator = await emulated(make);
      const before = structuredClone(kept(emulator.module));
      const found = await probeLink(emulator.path, { region: 'EU3', sampleMs: 700 });
      expect(found).toMatchObject({ state: 'found', family, baud: emulator.module.baud, reader, faults: [] });
      if (found.state !== 'found') expect.fail('not found');
      const first = found.sample?.find(({ port }) => port === 1);
      expect(first?.tags).toBe(2);
      expect(kept(emulator.module)).toEqual(before);
      await vi.waitFor(() => expect(emulator.module.streaming).toBe(false));
    },
  );

  it('listens to a UHFReader288 that pushes, and leaves it pushing as it is set to', { timeout: 60_000 }, async () => {
    const emulator = await emulated(() => new EmulatedUhfReader(4, [1], '288'));
    const reader = openReader(settings('uhf18', emulator.path), { reads: () => undefined, health: () => undefined });
    reader.start();
    await vi.waitFor(() => expect(emulator.module.streaming).toBe(true), { timeout: 20_000 });
    // The host dies without ending the stream.
    emulator.silent = true;
    await reader.stop();
    emulator.silent = false;
    const before = structuredClone(emulator.module.settings);
    const found = await probeLink(emulator.path, { region: 'EU3', sampleMs: 2_000 });
    expect(found).toMatchObject({ state: 'found', family: 'uhf18' });
    if (found.state === 'found') expect(found.sample?.[0]).toMatchObject({ port: 1, tags: 2 });
    expect(emulator.module.settings).toEqual(before);
  });
});

const settings = (model: string, link: string) => ({ id: 'r1', model, link, region: 'EU3', powerCdbm: 2_300, session: 1, ports: [1] });

/** Reads as the driver gave them, and as its recorded bytes give them again. */
async function recorded(model: string, path: string): Promise<{ reads: string[]; again: string[] }> {
  const tap = new Tap();
  const start = Date.now();
  const header = { v: 1, what: 'bytes', reader: 'r1', model, link: path, start, doors: [], ports: [1] } as const;
  const tape = recording(tap, header, { maxBytes: 1e7, maxMs: 60_000 }).getReader();
  const reads: Read[] = [];
  const events = { reads: (__: string, some: Read[]) => void reads.push(...some), health: () => undefined };
  const reader = openReader(settings(model, path), events, { open: tap.through(openLink) });
  toClose.push(() => reader.stop());
  reader.start();
  await vi.waitFor(() => expect(reads.length).toBeGreaterThan(20), { timeout: 20_000 });
  await reader.stop();
  let text = '';
  while (!text.includes(' c "')) text += Buffer.from((await tape.read()).value ?? []).toString('latin1');
  await tape.cancel();
  const [first = '', ...lines] = text.trimEnd().split('\n');
  const player = new Player(parseHeader(first));
  const again = lines.flatMap((line) => player.play(parseEntry(line) ?? expect.fail(line)).reads);
  const said = ({ epc, antenna, rssi }: Read): string => `${epc} ${antenna} ${rssi}`;
  return { reads: reads.map(said), again: again.map(said) };
}

describe('a recording', () => {
  it('of a network reader gives its reads again', { timeout: 60_000 }, async () => {
    const { path } = await onNetwork();
    const { reads, again } = await recorded('llrp', path);
    expect(again.slice(0, reads.length)).toEqual(reads);
  });

  it.each(CASES)('of %s gives its reads again', { timeout: 60_000 }, async (_, model, make) => {
    const emulator = await emulated(make, false);
    const { reads, again } = await recorded(model, emulator.path);
    expect(again.slice(0, reads.length)).toEqual(reads);
  });
});
