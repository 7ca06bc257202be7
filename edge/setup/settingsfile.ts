import { createHash } from 'node:crypto';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Fault } from '../../protocol/fault.ts';
import { BodyFault } from '../panel/problem.ts';
import type { ReaderChange } from '../panel/setupmodel.ts';
import { checkSettings, type Settings, settingsIssues } from '../settings.ts';

/** The settings as they stand in the file: without defaults, with whatever the administrator wrote. */
interface Raw {
  readonly readers: readonly ({ readonly id: string } & Readonly<Record<string, unknown>>)[];
  readonly doors: readonly ({ readonly id: string; readonly antennas: readonly Antenna[] } & Readonly<Record<string, unknown>>)[];
}
type Antenna = { readonly reader: string; readonly port: number; readonly side: string };

export interface SettingsContent {
  /** Of the very bytes: differs when anybody has changed the file. */
  readonly revision: string;
  readonly text: string;
  readonly settings: Settings;
}

/** Reads the file as it is now. @throws Fault SETTINGS_FILE, SETTINGS_INVALID */
export function readSettings(file: string): SettingsContent {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Fault('SETTINGS_FILE', `${file} can't be read (${(error as Error).message}): look at its folder`);
  }
  const revision = createHash('sha256').update(text).digest('base64url').slice(0, 22);
  return { revision, text, settings: checkSettings(parsed(text, file), file) };
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Fault('SETTINGS_INVALID', `${file} is not JSON (${(error as Error).message}): put it right there first`);
  }
}

/** The settings with one reader changed or added, and its antennas; everything else as it was. Pure. */
export function changed(raw: unknown, { id, reader, antennas }: ReaderChange): unknown {
  const { readers, doors, ...rest } = raw as Raw;
  const known = readers.some((one) => one.id === id);
  const own = (door: string): Antenna[] =>
    antennas.filter((one) => one.door === door).map(({ port, side }) => ({ reader: id, port, side }));
  return {
    ...rest,
    readers: known ? readers.map((one) => (one.id === id ? { ...one, ...reader } : one)) : [...readers, { id, ...reader }],
    doors: doors.map((door) => ({
      ...door,
      antennas: [...door.antennas.filter((antenna) => antenna.reader !== id), ...own(door.id)].sort(byPlace),
    })),
  };
}

const byPlace = (a: Antenna, b: Antenna): number => (a.reader === b.reader ? a.port - b.port : a.reader < b.reader ? -1 : 1);

/**
 * Changes one reader in the file, keeping the former content as `<file>.bak`; both are on the disk when it resolves.
 * @throws BodyFault with the fields at fault, Fault SETTINGS_CHANGED when the file is another than the change was made for, SETTINGS_WRITE
 */
export async function saveReader(file: string, change: ReaderChange): Promise<Settings> {
  const { revision, text } = readSettings(file);
  if (revision !== change.revision) {
    throw new Fault('SETTINGS_CHANGED', `the settings were changed meanwhile: look at them again`);
  }
  const next = changed(JSON.parse(text), change);
  const issues = settingsIssues(next);
  if (issues.length > 0) throw new BodyFault(issues);
  try {
    // The copy first: whatever happens now, one of the two files is whole.
    const path = realpathSync(file);
    const mode = statSync(path).mode & 0o777;
    await write(`${path}.bak`, text, mode);
    await write(path, `${JSON.stringify(next, null, 2)}\n`, mode);
  } catch (error) {
    throw new Fault(
      'SETTINGS_WRITE',
      `${file} can't be written (${(error as Error).message}): give this user the right to write in its folder`,
    );
  }
  return checkSettings(next, file);
}

/** Puts a file in the place of another at one instant, and on the disk; with `mode`, because settings may hold a password. */
async function write(path: string, text: string, mode: number): Promise<void> {
  const next = `${path}.new`;
  try {
    const handle = await open(next, 'w', mode);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(next, path);
    const folder = await open(dirname(path), 'r');
    await folder.sync().finally(() => folder.close());
  } catch (error) {
    await rm(next, { force: true });
    throw error;
  }
}
