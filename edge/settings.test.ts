import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_TUNING } from './passage/tuning.ts';
import { checkSettings, loadSettings, zoneAntennas } from './settings.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'docket-settings-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const valid = () => ({
  tenant: 'demo',
  site: 'LYON',
  node: 'dock-1',
  timeZone: 'Europe/Paris',
  dataDir: './data',
  hub: { url: 'ws://127.0.0.1:8787' },
  panel: { host: '127.0.0.1', port: 8788 },
  broker: { host: '127.0.0.1', port: 1883 },
  readers: [{ id: 'r1', model: 'thingmagic', link: '/dev/rfid/dock-1', baud: 115200, region: 'EU3', powerCdbm: 2700, session: 1 }],
  doors: [
    {
      id: 'D1',
      name: 'Quai 1',
      antennas: [
        { reader: 'r1', port: 1, side: 'outside' },
        { reader: 'r1', port: 2, side: 'inside' },
      ],
    },
  ],
});

/** The same with a Zebra that logs in to the broker. */
function networked(more: object = {}): ReturnType<typeof valid> {
  const reader = { id: 'r1', model: 'zebra', link: 'mqtt://dock-1', password: 'a-good-password', ...more };
  return { ...valid(), readers: [reader as unknown as ReturnType<typeof valid>['readers'][0]] };
}

function write(value: unknown): string {
  const path = join(folder, 'settings.json');
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
  return path;
}

describe('settings', () => {
  it('are read with their defaults, the data folder beside the file, and a copy kept', async () => {
    const path = write(valid());
    const settings = await loadSettings(path);
    expect(settings.dataDir).toBe(join(folder, 'data'));
    expect(settings.doors[0]?.passage).toEqual(DEFAULT_TUNING);
    expect(JSON.parse(readFileSync(`${path}.bak`, 'utf8'))).toEqual(valid());
  });

  it('take tracking settings for a door and fill in the others', () => {
    const value = valid();
    const door = { ...value.doors[0], passage: { quietMs: 800 } };
    expect(checkSettings({ ...value, doors: [door] }, 'f').doors[0]?.passage).toEqual({ ...DEFAULT_TUNING, quietMs: 800 });
  });

  it('take a reader behind an IPv6 device server', () => {
    const value = valid();
    const readers = [{ ...value.readers[0], link: 'tcp://[fe80::1]:4001' }];
    expect(checkSettings({ ...value, readers }, 'f').readers[0]?.link).toBe('tcp://[fe80::1]:4001');
  });

  it('take a network reader without its port, which is that of LLRP, and no other without one', () => {
    const value = valid();
    const of = (model: string, ...links: string[]): unknown => {
      const readers = links.map((link, i) => ({ id: `r${i + 1}`, model, link }));
      const antennas = readers.flatMap(({ id }) => [
        { reader: id, port: 1, side: 'outside' },
        { reader: id, port: 2, side: 'inside' },
      ]);
      return checkSettings({ ...value, readers, doors: [{ ...value.doors[0], antennas }] }, 'f').readers.map(({ link }) => link);
    };
    expect(of('llrp', 'tcp://10.0.0.7', 'tcp://10.0.0.8:14150')).toEqual(['tcp://10.0.0.7', 'tcp://10.0.0.8:14150']);
    expect(() => of('llrp', '/dev/ttyUSB0')).toThrow(/readers\[0\]\.link: of an llrp reader must be tcp:\/\/host/);
    expect(() => of('llrp', 'tcp://10.0.0.7', 'tcp://10.0.0.7:5084/')).toThrow(/readers\[1\]\.link: .* is the link of reader r1 already/);
    for (const link of ['tcp://10.0.0.7', 'tcp://[fe80::1]/'])
      expect(() => of('thingmagic', link)).toThrow(/readers\[0\]\.link: must name its port/);
  });

  it('take a region only where the family of the reader has it', () => {
    const of = (model: string, region: string) => () => {
      const settings = valid();
      Object.assign(settings.readers[0] as object, { model, region });
      return checkSettings(settings, 'settings.json');
    };
    expect(of('thingmagic', 'JP')).not.toThrow();
    for (const model of ['a0', 'uhf18', 'bb']) {
      expect(of(model, 'EU3')).not.toThrow();
      expect(of(model, 'JP')).toThrow(new RegExp(`readers\\[0\\]\\.region: "JP" is none of a ${model}: use one of .*EU3`));
    }
  });

  it('take the offset and the photo-eye of a reader that has them, and of no other', () => {
    const value = valid();
    const reader = { ...value.readers[0], rssiOffset: -120, gated: true };
    const readers = checkSettings({ ...value, readers: [{ ...reader, model: 'uhf18' }] }, 'f').readers;
    expect(readers[0]).toMatchObject({ model: 'uhf18', rssiOffset: -120, gated: true });
    expect(() => checkSettings({ ...value, readers: [reader] }, 'f')).toThrow(
      /readers\[0\]\.rssiOffset: is for uhf18.*readers\[0\]\.gated/s,
    );
  });

  it('take a lamp and an eye of one number where the reader numbers outputs and inputs apart', () => {
    const value = valid();
    Object.assign(value.readers[0] as object, { model: 'uhf18' });
    const door = { ...value.doors[0], light: { reader: 'r1', red: 1 }, eye: { reader: 'r1', pin: 1 } };
    expect(() => checkSettings({ ...value, doors: [door] }, 'f')).not.toThrow();
  });

  it('take a stack light and a photo-eye on pins of a reader', () => {
    const value = valid();
    const door = { ...value.doors[0], light: { reader: 'r1', green: 3, red: 4 }, eye: { reader: 'r1', pin: 1 } };
    expect(checkSettings({ ...value, doors: [door] }, 'f').doors[0]).toMatchObject({
      light: { reader: 'r1', green: 3, red: 4, active: 'high' },
      eye: { reader: 'r1', pin: 1, active: 'high' },
    });
  });

  it.each<[string, object, string]>([
    ['a light without a lamp', { light: { reader: 'r1' } }, 'doors[0].light: must name at least one of green, amber and red'],
    ['a light on a reader that is not there', { light: { reader: 'r9', red: 1 } }, 'doors[0].light.reader: "r9" is none of the readers'],
    ['an eye on a reader that is not there', { eye: { reader: 'r9', pin: 1 } }, 'doors[0].eye.reader: "r9" is none of the readers'],
    [
      'two lamps on one pin',
      { light: { reader: 'r1', red: 1, green: 1 } },
      'doors[0].light.red: output 1 of r1 belongs to door D1 already',
    ],
    [
      'an eye on the pin of a lamp',
      { light: { reader: 'r1', red: 1 }, eye: { reader: 'r1', pin: 1 } },
      'doors[0].eye.pin: input 1 of r1 belongs to door D1 already',
    ],
    ['a pin that no reader has', { eye: { reader: 'r1', pin: 17 } }, 'doors[0].eye.pin'],
  ])('refuse %s', (_what, wired, text) => {
    const value = valid();
    const doors = [{ ...value.doors[0], ...wired }];
    expect(() => checkSettings({ ...value, doors }, 'f')).toThrow(expect.objectContaining({ message: expect.stringContaining(text) }));
  });

  describe('of zones', () => {
    const desk = { id: 'desk', model: 'thingmagic', link: '/dev/rfid/desk' };
    const withZones = (zones: readonly object[], more: object = {}) => ({
      ...valid(),
      readers: [...valid().readers, desk],
      zones,
      ...more,
    });

    it('count with the antennas that they name, else with every reader that no door has', () => {
      const settings = checkSettings(
        withZones([
          { id: 'A', name: 'Allée A' },
          { id: 'B', name: 'Étagère', antennas: [{ reader: 'r1', port: 4 }] },
        ]),
        'x',
      );
      expect(settings.zones.map((zone) => zoneAntennas(settings, zone))).toEqual([
        [{ reader: 'desk', port: 1 }],
        [{ reader: 'r1', port: 4 }],
      ]);
    });

    it('need no door beside them', () => {
      const only = { doors: [], readers: [desk] };
      expect(checkSettings(withZones([{ id: 'A', name: 'Allée A' }], only), 'x').doors).toEqual([]);
      expect(() => checkSettings({ ...valid(), ...only }, 'x')).toThrow(/doors: needs a door, or a zone under zones/);
    });

    it.each([
      [
        'an antenna of a door',
        [{ id: 'A', name: 'A', antennas: [{ reader: 'r1', port: 1 }] }],
        /port 1 belongs to door D1: what it reads goes there/,
      ],
      ['a reader that is none', [{ id: 'A', name: 'A', antennas: [{ reader: 'r9', port: 1 }] }], /"r9" is none of the readers/],
      [
        'an id twice',
        [
          { id: 'A', name: 'A' },
          { id: 'A', name: 'B' },
        ],
        /"A" is used twice/,
      ],
      ['the name of the whole site', [{ id: '*', name: 'A' }], /zones\[0\]\.id/],
      [
        'a reader that neither a door nor a zone has',
        [{ id: 'A', name: 'A', antennas: [{ reader: 'r1', port: 4 }] }],
        /no door has an antenna of "desk"/,
      ],
    ])('are refused with %s', (_what, zones, message) => {
      expect(() => checkSettings(withZones(zones), 'x')).toThrow(message);
    });
  });

  it('take a reader that logs in to the broker on the network, with topics of its own beside the usual ones', () => {
    const broker = { host: '192.168.10.2', port: 1883, credentials: { user: 'lights', password: 'long-enough' } };
    const settings = checkSettings({ ...networked({ topics: ['acme/DATA/clients/data1event/#', 'acme/+/x'] }), broker }, 'f');
    expect(settings.readers[0]).toMatchObject({ model: 'zebra', link: 'mqtt://dock-1', password: 'a-good-password' });
  });

  it('are read where no copy can be kept', async () => {
    const path = write(valid());
    mkdirSync(`${path}.bak`);
    await expect(loadSettings(path)).resolves.toMatchObject({ site: 'LYON' });
  });

  it('keep the last valid copy when they become wrong', async () => {
    const path = write(valid());
    await loadSettings(path);
    write({ ...valid(), site: 'Saint Étienne' });
    await expect(loadSettings(path)).rejects.toMatchObject({
      code: 'SETTINGS_INVALID',
      message: expect.stringMatching(/site: must be 1 to 32.*settings\.json\.bak/s),
    });
    expect(JSON.parse(readFileSync(`${path}.bak`, 'utf8'))).toMatchObject({ site: 'LYON' });
  });

  it.each([
    ['there is no such file', undefined],
    ['not JSON', '{ "tenant": '],
    ['the file', '[]'],
    ['readers', { ...valid(), readers: [] }],
    ['hub.url: must begin with ws:// or wss://', { ...valid(), hub: { url: 'https://hub' } }],
    ['timeZone: must be an IANA time zone', { ...valid(), timeZone: 'Mars/Olympus' }],
    ['readers[0].link: must be a device path', { ...valid(), readers: [{ ...valid().readers[0], link: 'usb' }] }],
    ['readers[0].powerCdbm', { ...valid(), readers: [{ ...valid().readers[0], powerCdbm: 27 * 1000 }] }],
    [
      'doors[0].antennas[0].reader: "r9" is none of the readers',
      {
        ...valid(),
        doors: [
          {
            ...valid().doors[0],
            antennas: [
              { reader: 'r9', port: 1, side: 'outside' },
              { reader: 'r1', port: 2, side: 'inside' },
            ],
          },
        ],
      },
    ],
    [
      'doors[0].antennas: needs an outside and an inside antenna',
      { ...valid(), doors: [{ ...valid().doors[0], antennas: [{ reader: 'r1', port: 1, side: 'inside' }] }] },
    ],
    [
      'doors[1].antennas[0].port: r1 port 1 belongs to door D1 already',
      { ...valid(), doors: [valid().doors[0], { ...valid().doors[0], id: 'D2' }] },
    ],
    ['doors[1].id: "D1" is used twice', { ...valid(), doors: [valid().doors[0], valid().doors[0]] }],
    ['hub.url: must begin with ws:// or wss:// and name a host', { ...valid(), hub: { url: 'wss://:8787' } }],
    ['nothing behind ? or # or before @', { ...valid(), hub: { url: 'wss://hub.example.com/?tenant=acme' } }],
    ['nothing behind ? or # or before @', { ...valid(), hub: { url: 'wss://hub.example.com/#' } }],
    ['nothing behind ? or # or before @', { ...valid(), hub: { url: 'wss://node:secret@hub.example.com' } }],
    ['panel.host: must be 127.0.0.1', { ...valid(), panel: { host: '0.0.0.0', port: 8788 } }],
    ["broker.port: 8788 is the panel's port", { ...valid(), broker: { port: 8788 } }],
    ['broker.credentials.password: ', { ...valid(), broker: { port: 1883, credentials: { user: 'lights', password: 'short' } } }],
    ['site: is missing', { ...valid(), site: undefined }],
    ['readers[0].link: must be a device path', { ...valid(), readers: [{ ...valid().readers[0], link: 'tcp://10.0.0.9:99999' }] }],
    ['readers[0].region: must be one of NA, EU', { ...valid(), readers: [{ ...valid().readers[0], region: 'MARS' }] }],
    ['readers[0].powerCdbm: is in hundredths of a dBm', { ...valid(), readers: [{ ...valid().readers[0], powerCdbm: 27 }] }],
    [
      'readers[1].link: /dev/rfid/dock-1 is the link of reader r1',
      { ...valid(), readers: [...valid().readers, { ...valid().readers[0], id: 'r2' }] },
    ],
    [
      'readers[1].id: no door has an antenna of "r2"',
      { ...valid(), readers: [...valid().readers, { ...valid().readers[0], id: 'r2', link: '/dev/x' }] },
    ],
    ['readers[0].link: must be mqtt://name: a reader "zebra"', networked({ link: 'tcp://10.0.0.9:1883' })],
    ['readers[0].link: must be a device path such as', networked({ link: 'mqtt://dock/1' })],
    ['readers[0].password: is missing', networked({ password: undefined })],
    ['readers[0].password: ', networked({ password: 'short' })],
    ['readers[0].topics[0]: must be an MQTT topic filter', networked({ topics: ['docket/local/#'] })],
    ['readers[0].topics[0]: must be an MQTT topic filter', networked({ topics: ['#'] })],
    ['readers[0].topics[0]: must be an MQTT topic filter', networked({ topics: ['+/data'] })],
    [
      'readers[0].link: names the user of broker.credentials',
      { ...networked(), broker: { port: 1, credentials: { user: 'dock-1', password: 'long-enough' } } },
    ],
    [
      'doors[0].light.reader: "r1" is an r700, which takes no commands',
      { ...networked({ model: 'r700' }), doors: [{ ...valid().doors[0], light: { reader: 'r1', red: 1 } }] },
    ],
    ['broker: must be set: reader "r1" publishes to it', { ...networked(), broker: null }],
    ['broker.credentials: is missing: the broker listens on 0.0.0.0', { ...networked(), broker: { host: '0.0.0.0', port: 1883 } }],
    [
      'readers[0].link: "thingmagic" is not a reader on mqtt://',
      { ...valid(), readers: [{ ...valid().readers[0], link: 'mqtt://dock-1' }] },
    ],
    ['readers[0].password: belongs to a reader on mqtt://', { ...valid(), readers: [{ ...valid().readers[0], password: 'long-enough' }] }],
    ['Unrecognized key: "site2"', { ...valid(), site2: 'X' }],
  ])('refuse with the field: %s', async (text, value) => {
    const path = value === undefined ? join(folder, 'none.json') : write(value);
    await expect(loadSettings(path)).rejects.toMatchObject({ code: 'SETTINGS_INVALID', message: expect.stringContaining(text) });
  });
});
