import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { utf8 } from '../../protocol/bytes.ts';
import type { EmulatedDevice } from '../../simulators/reader/device.ts';
import { ReaderEmulator } from '../../simulators/reader/emulator.ts';
import { openLink } from '../readers/link/open.ts';
import { FAMILIES } from '../readers/open.ts';
import type { Probe } from '../readers/probe.ts';
import type { Family } from '../readers/session.ts';
import { thingMagic } from '../readers/thingmagic/driver.ts';
import { serialPorts } from './ports.ts';
import { longestMs, order, probeLink, snippet } from './probe.ts';

const toClose: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

const EPCS = ['30340BF2C87A1B40000003E9', '30340BF2C87A1B40000003EA'];
const source = (): { epc: string; antenna: number; rssi: number }[] => EPCS.map((epc, i) => ({ epc, antenna: i + 1, rssi: -50 - 10 * i }));

async function module(transport: Parameters<typeof ReaderEmulator.open>[0]['transport']): Promise<ReaderEmulator> {
  const emulator = await ReaderEmulator.open({ transport, source, connected: [1, 2] });
  toClose.push(() => emulator.close());
  return emulator;
}

/** A reader of another family: it says its name when it is asked in capitals, at 57600 baud. */
class Parrot implements EmulatedDevice {
  records = 0;
  readonly ports = 1;
  readonly baud = 57_600;
  readonly streaming = false;
  readonly outputs = new Map<number, boolean>();
  antenna(): void {}
  input(): void {}
  hear(bytes: Uint8Array): Uint8Array[] {
    return Buffer.from(bytes).toString('latin1').includes('WHO') ? [utf8('PARROT 7\n')] : [];
  }
  stream(): Uint8Array[] {
    return [];
  }
  reboot(): undefined {}
}

const parrotProbe: Probe = {
  bauds: [9_600, 57_600],
  silentMs: 150,
  read: async () => [{ epc: 'AA', antenna: 3, rssi: -60, at: 0 }],
  identify: async (line) => {
    let text = '';
    const heard = (chunk: Uint8Array): string | undefined => {
      text += Buffer.from(chunk).toString('latin1');
      return /PARROT (\d+)/.exec(text)?.[1];
    };
    const firmware = await line.ask(utf8('WHO'), heard, 150);
    return firmware === undefined ? undefined : { model: 'Parrot', firmware, antennas: [] };
  },
};
const refuse = (): never => expect.fail('a family with a way of its own is not started');
const BOTH: ReadonlyMap<string, () => Family> = new Map([
  ['thingmagic', () => thingMagic()],
  ['parrot', () => ({ defaultBaud: 57_600, session: refuse, probe: parrotProbe })],
  ['mute', () => ({ defaultBaud: 115_200, session: refuse })],
]);

describe('the probe of a link', () => {
  it('finds a module, reads with it, and leaves it at its rate without a stream', async () => {
    const emulator = await module({ kind: 'pty', uart: true });
    const found = await probeLink(emulator.path, { families: BOTH, region: 'EU3', sampleMs: 300 });
    expect(found).toMatchObject({
      ...{ state: 'found', family: 'thingmagic', baud: 115_200, faults: [] },
      reader: { model: 'M7e', firmware: '02.01.06.08', temperatureC: 41 },
      sample: [
        { port: 1, tags: 1, rssi: -50 },
        { port: 2, tags: 1, rssi: -60 },
      ],
    });
    if (found.state !== 'found') expect.fail('not found');
    expect(found.reader.antennas.map(({ connected }) => connected)).toEqual([true, true, false, false]);
    await vi.waitFor(() => expect(emulator.module.streaming).toBe(false));
    expect(emulator.module.baud).toBe(115_200);
    expect(snippet(found, 'r1', 'EU3')).toEqual({ id: 'r1', model: 'thingmagic', link: emulator.path, baud: 115_200, region: 'EU3' });
  });

  it('finds one that a host before has left streaming at another rate, over and over', async () => {
    const emulator = await module({ kind: 'pty', uart: true });
    const link = await openLink(emulator.path, 115_200, { data: (chunk) => session.data(chunk), lost: () => undefined });
    const events = { reads: () => undefined, warned: () => undefined, inputs: () => undefined, antennas: () => undefined };
    const session = thingMagic().session(link, 'r1', events, Date.now);
    const settings = { id: 'r1', model: 'thingmagic', link: emulator.path, region: 'EU3', powerCdbm: 2_700, session: 1 };
    await session.start(settings, undefined);
    await link.close();
    expect(emulator.module.streaming).toBe(true);
    for (let i = 0; i < 2; i++) {
      const found = await probeLink(emulator.path, { families: BOTH, region: undefined });
      expect(found).toMatchObject({ state: 'found', baud: 921_600 });
      expect(emulator.module.streaming).toBe(false);
    }
  });

  it('asks each family in its own words, and reads with it in its own way', async () => {
    const emulator = await ReaderEmulator.with(() => new Parrot(), { transport: { kind: 'pty', uart: true } });
    toClose.push(() => emulator.close());
    const found = await probeLink(emulator.path, { families: BOTH, region: 'EU3' });
    expect(found).toMatchObject({ state: 'found', family: 'parrot', baud: 57_600, reader: { model: 'Parrot', firmware: '7' } });
    if (found.state === 'found') expect(found.sample).toMatchObject([{ port: 3, tags: 1, rssi: -60 }]);
  });

  it('finds a reader behind a network, where a rate means nothing', async () => {
    const emulator = await module({ kind: 'tcp', port: 0 });
    const found = await probeLink(emulator.path, { families: BOTH, region: undefined });
    expect(found).toMatchObject({ state: 'found', family: 'thingmagic', link: emulator.path });
    expect(found).not.toHaveProperty('baud');
  });

  it('listens before it asks on a network, where a reader that speaks first hangs up on what it does not know', async () => {
    const server = createServer((socket) => {
      socket.write('HELLO');
      socket.on('data', () => socket.destroy());
    });
    toClose.push(() => server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const identify: Probe['identify'] = (line) =>
      line.ask(new Uint8Array(0), (chunk) => (Buffer.from(chunk).includes('HELLO') ? { model: 'Greeter', antennas: [] } : undefined), 500);
    const greeter = (): Family => ({ defaultBaud: 0, session: refuse, probe: { bauds: [], silentMs: 500, read: 'session', identify } });
    const families = new Map([...BOTH, ['greeter', greeter]]);
    const found = await probeLink(`tcp://127.0.0.1:${port}`, { families, region: undefined });
    expect(found).toMatchObject({ state: 'found', family: 'greeter' });
    expect(longestMs(families)).toBe(longestMs(BOTH));
  });

  it('says that nobody answers, and that there is nothing', async () => {
    const emulator = await module({ kind: 'tcp', port: 0 });
    emulator.silent = true;
    expect(await probeLink(emulator.path, { families: BOTH, region: undefined })).toMatchObject({
      state: 'silent',
      text: expect.stringContaining('thingmagic, parrot'),
    });
    expect(await probeLink('/dev/rfid/none', { region: undefined })).toMatchObject({ state: 'closed' });
    expect(await probeLink('tcp://127.0.0.1:1', { region: undefined })).toMatchObject({ state: 'closed' });
  });

  it.each(['pty', 'tcp'] as const)('names the program that has the link open (%s), and leaves it alone', async (kind) => {
    const emulator = await module(kind === 'tcp' ? { kind, port: 0 } : { kind });
    const { hostname, port } = kind === 'tcp' ? new URL(emulator.path.replace('tcp:', 'http:')) : { hostname: '', port: '' };
    const script =
      kind === 'tcp'
        ? `require('node:net').connect(${port}, '${hostname}', () => console.log('open'))`
        : `new (require('serialport').SerialPort)({ path: '${emulator.path}', baudRate: 115200 }).on('open', () => console.log('open')).resume()`;
    const child: ChildProcess = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    toClose.push(() => child.kill('SIGKILL'));
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    const found = await probeLink(emulator.path, { region: undefined });
    expect(found).toMatchObject({ state: 'owned', owner: { pid: child.pid, node: false } });
  });
});

describe('the order of questions', () => {
  it('has the most likely rate of each family before the second of any', () => {
    const asked = [
      { name: 'a', probe: { bauds: [115_200, 9_600] } },
      { name: 'b', probe: { bauds: [57_600] } },
    ];
    expect(order(asked)).toEqual([
      ['a', 115_200],
      ['b', 57_600],
      ['a', 9_600],
    ]);
    expect(longestMs(BOTH)).toBe(8 * 400 + 2 * 150);
  });

  it('has no family twice and no rate that no reader has', () => {
    for (const [name, make] of FAMILIES) {
      const { probe } = make();
      expect(probe?.bauds.every((baud) => baud >= 9_600 && baud <= 921_600) ?? true, name).toBe(true);
      expect(new Set(probe?.bauds).size, name).toBe(probe?.bauds.length ?? 0);
    }
  });
});

describe('the serial devices of a machine', () => {
  it('are listed once each, under the name that lasts, without ports that have no hardware', () => {
    const root = mkdtempSync(join(tmpdir(), 'docket-'));
    toClose.push(() => rmSync(root, { recursive: true }));
    for (const dir of ['dev/rfid', 'dev/serial/by-path', 'sys/class/tty/ttyS0', 'sys/class/tty/ttyS1']) {
      mkdirSync(join(root, dir), { recursive: true });
    }
    for (const name of ['ttyUSB0', 'ttyACM0', 'ttyS0', 'ttyS1', 'tty1', 'null']) writeFileSync(join(root, 'dev', name), '');
    writeFileSync(join(root, 'sys/class/tty/ttyS0/type'), '4\n');
    writeFileSync(join(root, 'sys/class/tty/ttyS1/type'), '0\n');
    symlinkSync('../ttyUSB0', join(root, 'dev/rfid/dock-1'));
    symlinkSync('../gone', join(root, 'dev/rfid/dock-2'));
    symlinkSync('../../ttyUSB0', join(root, 'dev/serial/by-path/pci-0'));
    expect(serialPorts(root).map((path) => path.slice(root.length))).toEqual(['/dev/rfid/dock-1', '/dev/ttyACM0', '/dev/ttyS0']);
    expect(serialPorts('/nowhere')).toEqual([]);
  });
});
