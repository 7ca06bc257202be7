import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Low } from 'lowdb';
import { JSONFile } from 'lowdb/node';
import { z } from 'zod';
import { Fault } from '../protocol/fault.ts';
import { isName } from '../protocol/topics.ts';
import { DEFAULT_LIMITS } from './outbox/space.ts';
import { HOST } from './panel/guard.ts';
import { DEFAULT_TUNING } from './passage/tuning.ts';
import { A0_REGIONS } from './readers/a0/regions.ts';
import { REGIONS as BB_REGIONS } from './readers/bb/commands.ts';
import { networkPath, parseTcp } from './readers/link/tcp.ts';
import { LLRP_PORT } from './readers/llrp/codec.ts';
import { isNetworkModel, NETWORK_MODELS, userOf } from './readers/network/inlet.ts';
import { REGIONS } from './readers/thingmagic/codec.ts';
import { REGION_NAMES as UHF18_REGIONS } from './readers/uhf18/region.ts';

const name = z.string().refine(isName, 'must be 1 to 32 letters, digits, hyphens, dots or underscores, and begin with a letter or digit');
const port = z.number().int().min(0).max(65_535);
const milliseconds = (min: number, max: number) => z.number().int().min(min).max(max);

function isLink(link: string): boolean {
  if (link.startsWith('mqtt://')) return userOf(link) !== undefined;
  if (!link.startsWith('tcp://')) return /^(\/\S+|COM\d+)$/.test(link);
  try {
    return parseTcp(link, LLRP_PORT).port > 0;
  } catch {
    return false;
  }
}

/** Antenna ports of the largest reader of this family, with its multiplexer: a record carries four bits. */
const MAX_PORT = 16;

/** A filter that can't reach the broker's own topics. */
const TOPIC = /^(?!docket(\/|$))[^$#+/\0][^#+\0]{0,60}(\/[^#+\0]{0,60}|\/\+){0,6}(\/#)?$/;

/** Families that can be set to some of the regions only. A ThingMagic module knows its own, a network reader has one by its maker. */
const FAMILY_REGIONS: ReadonlyMap<string, readonly string[]> = new Map([
  ['a0', Object.keys(A0_REGIONS)],
  ['uhf18', UHF18_REGIONS],
  ['bb', Object.keys(BB_REGIONS)],
]);

/** Families whose pins are inputs or outputs, by what they are set to: one pin can't be both. Others number the two apart. */
const TWO_WAY: ReadonlySet<string> = new Set(['thingmagic', 'bb']);

const reader = z.strictObject({
  id: name,
  model: z.enum(['thingmagic', 'a0', 'uhf18', 'bb', 'llrp', ...NETWORK_MODELS]),
  link: z.string().refine(isLink, 'must be a device path such as /dev/rfid/dock-1, tcp://host:port, or mqtt://name for r700 and zebra'),
  /** What a reader on mqtt:// logs in to the broker with; its user is the name in the link. */
  password: z.string().min(8).max(256).optional(),
  /** Topics that a reader on mqtt:// may use beside docket/readers/<name>/, for readers whose topics can't be chosen. */
  topics: z
    .array(z.string().regex(TOPIC, 'must be an MQTT topic filter outside docket/ and $SYS, without # or + at its start'))
    .max(8)
    .optional(),
  baud: z.number().int().min(9_600).max(921_600).default(115_200),
  region: z
    .string()
    .refine((region) => Object.hasOwn(REGIONS, region), `must be one of ${Object.keys(REGIONS).join(', ')}`)
    .default('EU3'),
  /** ETSI EN 302 208 allows 2 W ERP; modules stop at 31.5 dBm. Under 5 dBm no door works: it was meant in whole dBm. */
  powerCdbm: z
    .number()
    .int()
    .min(500, 'is in hundredths of a dBm, 500 to 3150: 2700 is 27 dBm')
    .max(3_150, 'is in hundredths of a dBm, 500 to 3150: 2700 is 27 dBm')
    .default(2_700),
  session: z.number().int().min(0).max(3).default(1),
  /** Only for readers that send a level without a unit; see readers/reader.ts. */
  rssiOffset: z.number().int().min(-255).max(0).optional(),
  gated: z.boolean().optional(),
});

function isHub(url: string): boolean {
  if (!/^wss?:\/\/[^\s]+$/.test(url) || !URL.canParse(url)) return false;
  // The node's own path follows: behind a question mark or a hash it would be none, and the key is the only password.
  const { username, password } = new URL(url);
  return !/[?#]/.test(url) && username + password === '';
}

/** Bounds within which the tracker still makes sense; see passage/tuning.ts. */
const tuning = z.strictObject({
  quietMs: milliseconds(200, 30_000).default(DEFAULT_TUNING.quietMs),
  capMs: milliseconds(2_000, 600_000).default(DEFAULT_TUNING.capMs),
  settleMs: milliseconds(200, 60_000).default(DEFAULT_TUNING.settleMs),
  minReads: z.number().int().min(2).max(100).default(DEFAULT_TUNING.minReads),
  motionDb: z.number().min(0.5).max(20).default(DEFAULT_TUNING.motionDb),
  abstain: z.number().min(0.01).max(0.5).default(DEFAULT_TUNING.abstain),
  confident: z.number().min(0.5).max(0.999).default(DEFAULT_TUNING.confident),
  askDbm: z.number().min(-90).max(0).default(DEFAULT_TUNING.askDbm),
});

/** Readers have two to four pins; the largest have sixteen. */
const pin = z.number().int().min(1).max(16);
const level = z.enum(['high', 'low']).default('high');

/** A stack light on outputs of a reader, through relays: outputs are 3.3 V logic. */
const light = z
  .strictObject({ reader: name, green: pin.optional(), amber: pin.optional(), red: pin.optional(), active: level })
  .refine(({ green, amber, red }) => (green ?? amber ?? red) !== undefined, 'must name at least one of green, amber and red');

/** A photo-eye on an input of a reader, opto-isolated; `active` is the level while something stands in its beam. */
const eye = z.strictObject({ reader: name, pin, active: level });

const door = z.strictObject({
  id: name,
  name: z.string().min(1).max(60),
  /** Eight antennas a door are twice what portals have. */
  antennas: z
    .array(z.strictObject({ reader: name, port: z.number().int().min(1).max(MAX_PORT), side: z.enum(['outside', 'inside']) }))
    .min(1)
    .max(8),
  passage: tuning.prefault({}),
  light: light.optional(),
  eye: eye.optional(),
});

/** Antennas of a zone: a reader at a desk, at a shelf, or in the hand. */
const zone = z.strictObject({
  id: name,
  name: z.string().min(1).max(60),
  /** Left out: every reader that no door has, such as the one hand reader of a site. */
  antennas: z
    .array(z.strictObject({ reader: name, port: z.number().int().min(1).max(MAX_PORT) }))
    .min(1)
    .max(16)
    .optional(),
});

/** A status names each zone in at most 150 bytes and has at most 16 KB. */
const MAX_ZONES = 48;

/** What the outbox may hold and when people are told; see outbox/space.ts for the reasons of the defaults. */
const outbox = z.strictObject({
  /** Under one day of a busy dock the outbox would be no buffer. */
  maxItems: z.number().int().min(100_000).max(1_000_000_000).default(DEFAULT_LIMITS.maxItems),
  maxBytes: z.number().int().min(50_000_000).max(1_000_000_000_000).default(DEFAULT_LIMITS.maxBytes),
  alarmFreeBytes: z.number().int().min(0).max(1_000_000_000_000).default(DEFAULT_LIMITS.alarmFreeBytes),
  reserveBytes: z.number().int().min(0).max(1_073_741_824).default(DEFAULT_LIMITS.reserveBytes),
});

const schema = z
  .strictObject({
    tenant: name,
    site: name,
    node: name,
    timeZone: z.string().refine((zone) => {
      try {
        return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
      } catch {
        return false;
      }
    }, 'must be an IANA time zone such as Europe/Paris'),
    dataDir: z.string().min(1),
    hub: z.strictObject({
      url: z
        .string()
        .refine(
          isHub,
          'must begin with ws:// or wss:// and name a host, such as wss://hub.example.com, and nothing behind ? or # or before @',
        ),
    }),
    panel: z.strictObject({
      host: z
        .string()
        .default(HOST)
        .refine((host) => host === HOST, `must be ${HOST}: without a PIN everybody on a network could decide`),
      port,
    }),
    broker: z
      .strictObject({
        host: z.string().min(1).default('127.0.0.1'),
        port,
        /** What lights and displays must send; a broker that listens beyond this machine should have them. */
        credentials: z.strictObject({ user: z.string().min(1).max(64), password: z.string().min(8).max(256) }).optional(),
      })
      .nullable()
      .default(null),
    outbox: outbox.prefault({}),
    /** A node serves one building side: more readers need a second node. */
    readers: z.array(reader).min(1).max(16),
    doors: z.array(door).max(32),
    /** Where people count; a node without any has no counts. */
    zones: z.array(zone).max(MAX_ZONES).default([]),
  })
  .superRefine((settings, context) => {
    const issue = (path: (string | number)[], message: string): void => context.addIssue({ code: 'custom', path, message });
    const readers = new Set<string>();
    settings.readers.forEach(({ id }, i) => {
      if (readers.has(id)) issue(['readers', i, 'id'], `"${id}" is used twice`);
      readers.add(id);
    });
    const links = new Map<string, string>();
    settings.readers.forEach(({ model, region, rssiOffset, gated }, i) => {
      const regions = FAMILY_REGIONS.get(model) ?? [region];
      if (!regions.includes(region)) issue(['readers', i, 'region'], `"${region}" is none of a ${model}: use one of ${regions.join(', ')}`);
      if (model === 'uhf18') return;
      if (rssiOffset !== undefined) issue(['readers', i, 'rssiOffset'], `is for uhf18: a ${model} tells dBm`);
      if (gated !== undefined) issue(['readers', i, 'gated'], `is for uhf18: a ${model} has no such mode`);
    });
    settings.readers.forEach(({ id, link, model, password, topics }, i) => {
      const publishes = isNetworkModel(model);
      if (publishes !== link.startsWith('mqtt://')) {
        issue(
          ['readers', i, 'link'],
          publishes ? `must be mqtt://name: a reader "${model}" logs in to the broker` : `"${model}" is not a reader on mqtt://`,
        );
      }
      if (publishes && password === undefined) issue(['readers', i, 'password'], 'is missing: the reader logs in to the broker with it');
      if (!publishes && (password ?? topics) !== undefined)
        issue(['readers', i, 'password'], 'belongs to a reader on mqtt://: leave it and topics out');
      if (publishes && settings.broker === null) issue(['broker'], `must be set: reader "${id}" publishes to it`);
      if (publishes && userOf(link) === settings.broker?.credentials?.user) {
        issue(['readers', i, 'link'], 'names the user of broker.credentials: a reader needs a name of its own');
      }
      const network = model === 'llrp';
      const address = link.startsWith('tcp://');
      if (network && !address) issue(['readers', i, 'link'], 'of an llrp reader must be tcp://host or tcp://host:port');
      if (!network && /^tcp:\/\/(\[.*\]|[^:]*)\/?$/.test(link)) issue(['readers', i, 'link'], 'must name its port: tcp://host:port');
      const path = network && address ? networkPath(link, LLRP_PORT) : link;
      const other = links.get(path);
      if (other !== undefined) issue(['readers', i, 'link'], `${link} is the link of reader ${other} already`);
      links.set(path, id);
      const isUsed = ({ antennas }: { antennas?: readonly { readonly reader: string }[] | undefined }): boolean =>
        antennas?.some((antenna) => antenna.reader === id) === true;
      // Without antennas of its own a zone is counted with every reader that no door has.
      const used = settings.doors.some(isUsed) || settings.zones.some((one) => one.antennas === undefined || isUsed(one));
      if (!used)
        issue(['readers', i, 'id'], `no door has an antenna of "${id}" and no zone counts with it: name its ports there, or leave it out`);
    });
    const { panel, broker } = settings;
    if (broker !== null && !isLoopback(broker.host) && broker.credentials === undefined) {
      issue(['broker', 'credentials'], `is missing: the broker listens on ${broker.host}, where others are`);
    }
    if (broker !== null && panel.port !== 0 && broker.port === panel.port) issue(['broker', 'port'], `${panel.port} is the panel's port`);
    const doors = new Set<string>();
    const antennas = new Map<string, string>();
    const pins = new Map<string, string>();
    const wire = (door: string, path: (string | number)[], id: string, what: string, pin: number): void => {
      if (!readers.has(id)) issue([...path.slice(0, -1), 'reader'], `"${id}" is none of the readers`);
      const model = settings.readers.find((reader) => reader.id === id)?.model ?? '';
      const key = `${TWO_WAY.has(model) ? 'pin' : what} ${pin} of ${id}`;
      const other = pins.get(key);
      if (other !== undefined) issue(path, `${what} ${pin} of ${id} belongs to door ${other} already`);
      pins.set(key, door);
    };
    settings.doors.forEach(({ id, antennas: own, light, eye }, i) => {
      for (const colour of ['green', 'amber', 'red'] as const) {
        const pin = light?.[colour];
        if (light !== undefined && pin !== undefined) wire(id, ['doors', i, 'light', colour], light.reader, 'output', pin);
      }
      if (settings.readers.some((reader) => reader.id === light?.reader && reader.model === 'r700')) {
        issue(
          ['doors', i, 'light', 'reader'],
          `"${light?.reader}" is an r700, which takes no commands over MQTT: wire the lamp to another reader`,
        );
      }
      if (eye !== undefined) wire(id, ['doors', i, 'eye', 'pin'], eye.reader, 'input', eye.pin);
      if (doors.has(id)) issue(['doors', i, 'id'], `"${id}" is used twice`);
      doors.add(id);
      own.forEach((antenna, k) => {
        const path = ['doors', i, 'antennas', k];
        if (!readers.has(antenna.reader)) issue([...path, 'reader'], `"${antenna.reader}" is none of the readers`);
        const key = `${antenna.reader} port ${antenna.port}`;
        const other = antennas.get(key);
        if (other !== undefined) issue([...path, 'port'], `${key} belongs to door ${other} already`);
        antennas.set(key, id);
      });
      if (new Set(own.map((antenna) => antenna.side)).size < 2) {
        issue(['doors', i, 'antennas'], 'needs an outside and an inside antenna: direction comes from the two');
      }
    });
    if (settings.doors.length + settings.zones.length === 0) issue(['doors'], 'needs a door, or a zone under zones');
    const zones = new Set<string>();
    settings.zones.forEach(({ id, antennas: own = [] }, i) => {
      if (zones.has(id)) issue(['zones', i, 'id'], `"${id}" is used twice`);
      zones.add(id);
      own.forEach(({ reader: of, port: at }, k) => {
        if (!readers.has(of)) issue(['zones', i, 'antennas', k, 'reader'], `"${of}" is none of the readers`);
        const other = antennas.get(`${of} port ${at}`);
        if (other !== undefined)
          issue(['zones', i, 'antennas', k, 'port'], `${of} port ${at} belongs to door ${other}: what it reads goes there`);
      });
    });
  });

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

export type Settings = z.output<typeof schema>;
export type DoorSettings = Settings['doors'][number];
export type ZoneSettings = Settings['zones'][number];

/** Port of a reader that settings name nowhere else: hand and desk readers have one. */
const ONLY_PORT = 1;

/** Antennas by which a zone is counted: its own, else those of the readers that no door has. */
export function zoneAntennas({ readers, doors, zones }: Pick<Settings, 'readers' | 'doors' | 'zones'>, zone: ZoneSettings) {
  if (zone.antennas !== undefined) return zone.antennas;
  const atDoors = new Set(doors.flatMap(({ antennas }) => antennas.map((antenna) => antenna.reader)));
  return readers
    .filter(({ id }) => !atDoors.has(id))
    .flatMap(({ id }) => {
      const named = zones.flatMap(({ antennas = [] }) => antennas.filter((antenna) => antenna.reader === id));
      return named.length > 0 ? named : [{ reader: id, port: ONLY_PORT }];
    });
}

const SETTINGS_BYTES = 262_144;

function refuse(file: string, why: string): never {
  throw new Fault('SETTINGS_INVALID', `settings ${file}: ${why}. The last valid ones are in ${file}.bak, if there were any.`, { file });
}

/** `readers[0].link` of a path as zod gives it. */
function field(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`),
    '',
  );
}

/** What is wrong with settings, by field; empty when they are right. */
export function settingsIssues(value: unknown): { readonly field: string; readonly message: string }[] {
  return schema.safeParse(value).error?.issues.map(({ path, message }) => ({ field: field(path), message })) ?? [];
}

/** Checks settings; `file` is named in the message. @throws Fault SETTINGS_INVALID naming each wrong field */
export function checkSettings(value: unknown, file: string): Settings {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const texts = result.error.issues.map(({ path, message }) => {
    const what = message.endsWith('received undefined')
      ? message.replace(/^Invalid input: expected (.*), received undefined$/, 'is missing ($1)')
      : message;
    return `${field(path) || 'the file'}: ${what}`;
  });
  return refuse(file, texts.slice(0, 10).join('; '));
}

/**
 * Reads the settings file and keeps a copy of it as `<file>.bak` when it is valid and the folder can be written. A relative `dataDir` is taken from the
 * folder of the file. A missing or broken file is never replaced by the copy on its own: a person must see what is wrong.
 * @throws Fault SETTINGS_INVALID
 */
export async function loadSettings(file: string, { keepCopy = true } = {}): Promise<Settings> {
  const path = resolve(file);
  const low = new Low<unknown>(new JSONFile<unknown>(path), null);
  try {
    if (statSync(path).size > SETTINGS_BYTES) refuse(file, `larger than ${SETTINGS_BYTES} bytes, which no settings are`);
    await low.read();
  } catch (error) {
    if (error instanceof Fault) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') refuse(file, 'there is no such file');
    refuse(file, code === undefined ? `not JSON (${message})` : `can't be read (${message})`);
  }
  const settings = checkSettings(low.data, file);
  // Best effort: settings may lie in a folder that belongs to the administrator, and the dock must run without the copy.
  if (keepCopy && copyDiffers(path, low.data)) await new JSONFile<unknown>(`${path}.bak`).write(low.data).catch(() => undefined);
  return { ...settings, dataDir: resolve(dirname(path), settings.dataDir) };
}

/** A start must not write to a card what is there already. */
function copyDiffers(path: string, data: unknown): boolean {
  try {
    return JSON.stringify(JSON.parse(readFileSync(`${path}.bak`, 'utf8'))) !== JSON.stringify(data);
  } catch {
    return true;
  }
}
