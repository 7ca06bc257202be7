import type { Command } from '../../protocol/command.ts';
import { num, type Sql, text } from './sql.ts';

/** Commands taken in one go: an alarm stays a short event and other calls get their turn between. */
const MAX_COMMANDS = 100;

/** Delivers a command to the gateway of a node. Rejects when the gateway cannot keep it now. */
export type Send = (site: string, node: string, command: Command) => Promise<void>;

/** True when commands wait. */
export function hasOutbound(sql: Sql): boolean {
  return sql.exec('SELECT id FROM outbound LIMIT 1').length > 0;
}

/**
 * Sends what waits, in order per node: a node whose gateway fails keeps its place and the others go on. A command is deleted once its
 * gateway has stored it, so a crash between sends it again; its id makes that harmless. Returns the texts of what failed.
 */
export async function drainOutbound(sql: Sql, send: Send): Promise<string[]> {
  const failures = new Map<string, string>();
  const rows = sql.exec('SELECT id, site, node, command FROM outbound ORDER BY id LIMIT ?', MAX_COMMANDS);
  for (const row of rows) {
    const site = text(row, 'site');
    const node = text(row, 'node');
    if (failures.has(`${site}/${node}`)) continue;
    const command = JSON.parse(text(row, 'command')) as Command;
    try {
      await send(site, node, command);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      // A command that no gateway will ever take must not hold up those behind it.
      if (!why.startsWith('COMMAND_TOO_LARGE')) {
        failures.set(`${site}/${node}`, `command ${command.id} for ${site}/${node} was not taken: ${why}`);
        continue;
      }
    }
    sql.exec('DELETE FROM outbound WHERE id = ?', num(row, 'id'));
  }
  return [...failures.values()];
}
