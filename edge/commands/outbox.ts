import { join } from 'node:path';
import { confirmNotices, notices } from '../outbox/notice.ts';
import { loadSettings } from '../settings.ts';
import { settingsFile } from './usage.ts';

const outboxOf = (dataDir: string): string => join(dataDir, 'outbox.db');

export async function outbox(args: string[]): Promise<number> {
  const { dataDir } = await loadSettings(settingsFile(args), { keepCopy: false });
  const open = notices(outboxOf(dataDir));
  if (open.length === 0) console.log('nothing to confirm');
  for (const { at, kind, why, file: aside, saved, lost, names } of open) {
    console.log(`${new Date(at).toISOString()} ${kind}: ${why}`);
    if (aside !== undefined) console.log(`  set aside as ${aside}`);
    console.log(`  unsent records carried over ${saved ?? 'not known'}, lost ${lost ?? 'not known'}`);
    for (const name of names) console.log(`  lost: ${name}`);
  }
  return 0;
}

export async function confirm(args: string[]): Promise<number> {
  const { dataDir } = await loadSettings(settingsFile(args), { keepCopy: false });
  console.log(`${confirmNotices(outboxOf(dataDir))} confirmed`);
  return 0;
}
