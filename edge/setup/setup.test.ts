import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ReaderEmulator } from '../../simulators/reader/emulator.ts';
import type { ReaderChange } from '../panel/setupmodel.ts';
import { checkSettings, loadSettings, type Settings } from '../settings.ts';
import type { Probed } from './probe.ts';
import { changed, readSettings, saveReader } from './settingsfile.ts';
import { SetUp, type SetUpOptions } from './setup.ts';

let folder = '';
let file = '';
const toClose: (() => Promise<unknown> | unknown)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'docket-'));
  file = join(folder, 'settings.json');
});
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
  rmSync(folder, { recursive: true });
});

const antennas = [
  { reader: 'r1', port: 1, side: 'outside' },
  { reader: 'r1', port: 2, side: 'inside' },
] as const;

function written(link: string, more: object = {}): Settings {
  const value = {
    ...{ tenant: 'demo', site: 'LYON', node: 'dock-1', timeZone: 'Europe/Paris', dataDir: './data' },
    hub: { url: 'ws://127.0.0.1:9' },
    panel: { port: 0 },
    readers: [{ id: 'r1', model: 'thingmagic', link }],
    doors: [{ id: 'D1', name: 'Quai 1', antennas, passage: { quietMs: 900 } }],
    ...more,
  };
  writeFileSync(file, JSON.stringify(value));
  return checkSettings(value, file);
}

const fields = { model: 'thingmagic', link: '/dev/rfid/dock-2', region: 'EU3', powerCdbm: 2_400, session: 0 };
const own: ReaderChange['antennas'] = [
  { door: 'D1', port: 1, side: 'outside' },
  { door: 'D1', port: 2, side: 'inside' },
];
const change = (more: Partial<ReaderChange> = {}): ReaderChange => ({
  ...{ revision: readSettings(file).revision, id: 'r1', reader: fields, antennas: own },
  ...more,
});
const readersOf: SetUpOptions['readersOf'] = ({ readers, doors }) =>
  readers.map((reader) => ({
    ...reader,
    ports: doors.flatMap((door) => door.antennas.filter((one) => one.reader === reader.id).map(({ port }) => port)),
  }));

describe('the settings file', () => {
  it('is changed in one reader and its antennas, and keeps everything else and a copy of what it was', async () => {
    written('/dev/rfid/dock-1');
    const before = readFileSync(file, 'utf8');
    await saveReader(file, change());
    const after = JSON.parse(readFileSync(file, 'utf8'));
    expect(after).toEqual({ ...JSON.parse(before), readers: [{ id: 'r1', ...fields }] });
    expect(readFileSync(`${file}.bak`, 'utf8')).toBe(before);
    expect((await loadSettings(file)).readers[0]?.powerCdbm).toBe(2_400);
  });

  it('takes a further reader with its doors', () => {
    written('/dev/rfid/dock-1');
    const next = changed(JSON.parse(readFileSync(file, 'utf8')), change({ id: 'r2', antennas: [{ door: 'D1', port: 3, side: 'inside' }] }));
    const { readers, doors } = checkSettings(next, file);
    expect(readers.map(({ id }) => id)).toEqual(['r1', 'r2']);
    expect(doors[0]?.antennas).toEqual([...antennas, { reader: 'r2', port: 3, side: 'inside' }]);
  });

  it('lets a reader have no door where a zone counts with it', async () => {
    written('/dev/rfid/dock-1', { zones: [{ id: 'Z1', name: 'Réserve' }] });
    const other = change({ id: 'r2', reader: { ...fields, link: '/dev/rfid/hand' }, antennas: [] });
    expect((await saveReader(file, other)).zones).toHaveLength(1);
    const settings = readSettings(file).settings;
    const bench = new SetUp({
      settings,
      file,
      readersOf,
      events: { reads: () => undefined, health: () => undefined },
      log: () => undefined,
    });
    expect(bench.state().zones).toEqual([{ name: 'Réserve', antennas: [{ reader: 'r2', port: 1 }] }]);
    written('/dev/rfid/dock-1');
    await expect(saveReader(file, { ...other, revision: readSettings(file).revision })).rejects.toMatchObject({
      fields: [{ field: 'readers[1].id', message: expect.stringMatching(/^no door has/) }],
    });
  });

  it.each<[string, Partial<ReaderChange>, string]>([
    ['a link that is none', { reader: { ...fields, link: 'dock-1' } }, 'readers[0].link'],
    ['a power that was meant in whole dBm', { reader: { ...fields, powerCdbm: 24 } }, 'readers[0].powerCdbm'],
    ['a model that nobody knows', { reader: { ...fields, model: 'alien' } }, 'readers[0].model'],
    ['a door with one side', { antennas: own.slice(0, 1) }, 'doors[0].antennas'],
  ])('refuses %s with the field, and stays as it was', async (_, more, field) => {
    written('/dev/rfid/dock-1');
    const before = readFileSync(file, 'utf8');
    await expect(saveReader(file, change(more))).rejects.toMatchObject({ code: 'BODY_INVALID', fields: [{ field }] });
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('that somebody else has changed meanwhile is not written over', async () => {
    written('/dev/rfid/dock-1');
    const late = change();
    await saveReader(file, change({ reader: { ...fields, powerCdbm: 2_000 } }));
    await expect(saveReader(file, late)).rejects.toMatchObject({ code: 'SETTINGS_CHANGED' });
    expect(readSettings(file).settings.readers[0]?.powerCdbm).toBe(2_000);
  });

  it('keeps its rights and the link that names it', async () => {
    written('/dev/rfid/dock-1');
    chmodSync(file, 0o600);
    const link = join(folder, 'link.json');
    symlinkSync(file, link);
    await saveReader(link, change());
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(`${file}.bak`).mode & 0o777).toBe(0o600);
    expect(readSettings(file).settings.readers[0]?.link).toBe('/dev/rfid/dock-2');
  });

  it('that is broken or gone is not changed', () => {
    writeFileSync(file, '{"tenant":');
    expect(() => readSettings(file)).toThrow(expect.objectContaining({ code: 'SETTINGS_INVALID' }));
    expect(() => readSettings(join(folder, 'none'))).toThrow(expect.objectContaining({ code: 'SETTINGS_FILE' }));
  });
});

const EPC = '30340BF2C87A1B4000000ABC';

async function module(): Promise<ReaderEmulator> {
  const emulator = await ReaderEmulator.open({
    transport: { kind: 'pty' },
    connected: [1],
    source: () => [{ epc: EPC, antenna: 1, rssi: -48 }],
  });
  toClose.push(() => emulator.close());
  return emulator;
}

function setUp(settings: Settings, more: Partial<SetUpOptions> = {}): SetUp {
  const events = { reads: () => undefined, health: () => undefined };
  const made = new SetUp({ settings, file, readersOf, events, log: () => undefined, ...more });
  toClose.push(() => Promise.all(made.readers.map((reader) => reader.stop())));
  for (const reader of made.readers) reader.start();
  return made;
}

describe('the readers of a running node', () => {
  it('show what each antenna hears, the tags, and the antenna whose cable is bad', async () => {
    const bench = setUp(written((await module()).path));
    await vi.waitFor(() => expect(bench.state().nearest).toMatchObject({ epc: EPC, port: 1, clear: true }), { timeout: 15_000 });
    const { readers, tags } = bench.state();
    expect(tags).toMatchObject([{ epc: EPC, reader: 'r1', port: 1, rssi: -48 }]);
    expect(readers[0]?.hears[0]?.readsPerSecond).toBeGreaterThan(0);
    expect(readers[0]?.antennas[1]).toMatchObject({ port: 2, connected: false });
    bench.clear();
    expect(bench.state().tagsTotal).toBeLessThanOrEqual(1);
  });

  it('are started anew with a changed link, power or session, while the node runs', async () => {
    const [first, second] = [await module(), await module()];
    const bench = setUp(written(first.path));
    await vi.waitFor(() => expect(first.module.streaming).toBe(true), { timeout: 15_000 });
    const saved = await bench.save(change({ reader: { ...fields, link: second.path } }));
    expect(saved).toEqual({ restarted: true, restartNeeded: false });
    await vi.waitFor(() => expect(second.module.streaming).toBe(true), { timeout: 15_000 });
    expect(second.module.settings).toMatchObject({ power: 2_400, session: 0 });
    expect(first.module.streaming).toBe(false);
    expect(bench.state().readers[0]?.link).toContain(second.path);
    expect(await bench.save(change({ reader: { ...fields, link: second.path } }))).toEqual({ restarted: false, restartNeeded: false });
  });

  it('wait for the next start of the node with antennas of doors, and say so until then', async () => {
    const bench = setUp(written('/dev/rfid/none'));
    const moved: ReaderChange['antennas'] = [...own, { door: 'D1', port: 3, side: 'inside' }];
    const reader = { model: 'thingmagic', link: '/dev/rfid/none', region: 'EU3', powerCdbm: 2_700, session: 1 };
    expect(await bench.save(change({ reader, antennas: moved }))).toEqual({ restarted: false, restartNeeded: true });
    expect(bench.state().restartNeeded).toBe(true);
    expect(bench.readers[0]?.settings.ports).toEqual([1, 2]);
    expect(bench.form().doors[0]?.antennas.length).toBe(3);
    // Put back: nothing waits any more.
    expect(await bench.save(change({ reader }))).toEqual({ restarted: false, restartNeeded: false });
    const another = change({ id: 'r2', reader: fields, antennas: [{ door: 'D1', port: 1, side: 'inside' }] });
    expect(await bench.save(another)).toEqual({ restarted: false, restartNeeded: true });
  });

  it('are looked for one link after the other, and those that are in use are left alone', async () => {
    const asked: string[] = [];
    const probe = async (link: string): Promise<Probed> => {
      asked.push(link);
      return { state: 'silent', link, text: 'nobody' };
    };
    const bench = setUp(written('/dev/rfid/none'), { probe, ports: () => ['/dev/rfid/none', '/dev/ttyS9'] });
    expect(bench.state().search).toBeNull();
    bench.search(undefined);
    expect(() => bench.search(undefined)).toThrow(expect.objectContaining({ code: 'SEARCH_RUNNING' }));
    await vi.waitFor(() => expect(bench.state().search?.running).toBe(false));
    expect(bench.state().search?.results.map(({ state }) => state)).toEqual(['own', 'silent']);
    expect(asked).toEqual(['/dev/ttyS9']);
    bench.search('10.0.0.9:4001');
    await vi.waitFor(() => expect(asked).toEqual(['/dev/ttyS9', 'tcp://10.0.0.9:4001']));
    expect(() => bench.search('10.0.0.9:0')).toThrow(expect.objectContaining({ code: 'LINK_ADDRESS' }));
  });

  it('are recorded without a stop, four times at once at most', async () => {
    const emulator = await module();
    const bench = setUp(written(emulator.path));
    await vi.waitFor(() => expect(emulator.module.streaming).toBe(true), { timeout: 15_000 });
    const wish = { what: 'reads', maxMb: 1, seconds: 60 } as const;
    const tapes = Array.from({ length: 4 }, () => bench.recording('r1', wish).getReader());
    expect(() => bench.recording('r1', wish)).toThrow(expect.objectContaining({ code: 'TOO_MANY_RECORDINGS' }));
    let text = '';
    while (!text.includes(EPC)) text += Buffer.from((await tapes[0]?.read())?.value ?? []).toString('latin1');
    expect(text).toContain('"doors":[{"id":"D1"');
    for (const tape of tapes) await tape.cancel();
    await bench.recording('r1', wish).cancel();
    expect(() => bench.recording('r9', wish)).toThrow(expect.objectContaining({ code: 'READER_UNKNOWN' }));
    expect(emulator.module.streaming).toBe(true);
  });
});
