import { loadSettings } from '../settings.ts';
import { settingsFile } from './usage.ts';

export async function check(args: string[]): Promise<number> {
  const file = settingsFile(args);
  const { tenant, site, node, readers, doors } = await loadSettings(file, { keepCopy: false });
  console.log(`${file} is right: ${tenant}/${site}/${node}, ${readers.length} reader(s), ${doors.length} door(s)`);
  return 0;
}
