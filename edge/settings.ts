import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Low } from 'lowdb';
import { JSONFile } from 'lowdb/node';
import { z } from 'zod';
import { Fault } from '../protocol/fault.ts';
import { isName } from '../protocol/topics.ts';
import { DEFAULT_TUNING } from './passage/tuning.ts';

const name = z.string().refine(isName, 'must be 1 to 32 letters, digits, hyphens, dots or underscores');
const port = z.number().int().min(0).max(65_535);
const milliseconds = (min: number, max: number) => z.number().int().min(min).max(max);

const reader = z.strictObject({
  id: name,
  model: z.enum(['thingmagic']),
  link: z.string().regex(/^(tcp:\/\/[^\s/:]+:\d{1,5}|\/\S+|COM\d+)$/, 'must be a device path such as /dev/rfid/dock-1, or tcp://host:port'),
  baud: z.number().int().min(9_600).max(921_600).default(115_200),
  region: z.string().min(1).max(16).default('EU3'),
  /** ETSI EN 302 208 allows 2 W ERP; modules stop at 31.5 dBm. */
  powerCdbm: z.number().int().min(0).max(3_150).default(2_700),
  session: z.number().int().min(0).max(3).default(1),
});

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

const door = z.strictObject({
  id: name,
  name: z.string().min(1).max(60),
  /** Eight antennas a door are twice what portals have. */
  antennas: z
    .array(z.strictObject({ reader: name, port: z.number().int().min(1).max(64), side: z.enum(['outside', 'inside']) }))
    .min(1)
    .max(8),
  passage: tuning.prefault({}),
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
    hub: z.strictObject({ url: z.string().regex(/^wss?:\/\/[^\s]+$/, 'must begin with ws:// or wss://') }),
    panel: z.strictObject({ host: z.string().min(1).default('127.0.0.1'), port }),
    broker: z
      .strictObject({ host: z.string().min(1).default('127.0.0.1'), port })
      .nullable()
      .default(null),
    /** A node serves one building side: more readers need a second node. */
    readers: z.array(reader).min(1).max(16),
    doors: z.array(door).min(1).max(32),
  })
  .superRefine((settings, context) => {
    const issue = (path: (string | number)[], message: string): void => context.addIssue({ code: 'custom', path, message });
    const readers = new Set<string>();
    settings.readers.forEach(({ id }, i) => {
      if (readers.has(id)) issue(['readers', i, 'id'], `"${id}" is used twice`);
      readers.add(id);
    });
    const doors = new Set<string>();
    const antennas = new Map<string, string>();
    settings.doors.forEach(({ id, antennas: own }, i) => {
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
  });

export type Settings = z.output<typeof schema>;
export type DoorSettings = Settings['doors'][number];

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

/** Checks settings; `file` is named in the message. @throws Fault SETTINGS_INVALID naming each wrong field */
export function checkSettings(value: unknown, file: string): Settings {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const texts = result.error.issues.map((issue) => `${field(issue.path) || 'the file'}: ${issue.message}`);
  return refuse(file, texts.slice(0, 10).join('; '));
}

/**
 * Reads the settings file and keeps a copy of it as `<file>.bak` when it is valid. A relative `dataDir` is taken from the
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
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    refuse(file, missing ? 'there is no such file' : `not JSON (${(error as Error).message})`);
  }
  const settings = checkSettings(low.data, file);
  if (keepCopy && copyDiffers(path, low.data)) await new JSONFile<unknown>(`${path}.bak`).write(low.data);
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
