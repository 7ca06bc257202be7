import type { NodeStatus, ZoneCommand } from '../../protocol/command.ts';
import { groupItems, type ItemGroup, WHOLE_SITE } from '../../protocol/record.ts';
import { isName } from '../../protocol/topics.ts';
import { gtinText } from './masterdata.ts';
import { num, optionalText, type Row, type Sql, text } from './sql.ts';

/** What a node holds in memory while it counts, and a person can count in a day: a larger zone is counted without expectation, or split. */
const MAX_ITEMS = 100_000;
/** A command has at most 131,072 bytes (cloud/gateway/limits.ts); what JSON adds to a part stays below the difference. */
const MAX_PART_BYTES = 100_000;
/** A serial as a difference, and a GTIN's group with its name: at most. */
const SERIAL_BYTES = 13;
const GROUP_BYTES = 48;
/** Characters of a name on a list. */
const MAX_NAME = 80;

/** Items that stand in a zone, or with `*` anywhere in the site; undefined when they are too many for a list. */
function standing(sql: Sql, site: string, zone: string): Row[] | undefined {
  const rows =
    zone === WHOLE_SITE
      ? sql.exec(
          `SELECT i.gtin, i.name, r.serial FROM sites s JOIN stock q ON q.site = s.id CROSS JOIN serials r ON r.item = q.item AND r.site = s.id
            JOIN items i ON i.id = r.item WHERE s.site = ? LIMIT ?`,
          ...[site, MAX_ITEMS + 1],
        )
      : sql.exec(
          `SELECT i.gtin, i.name, r.serial FROM sites s JOIN zones z ON z.site = s.id AND z.zone = ?2 JOIN counted k ON k.zone = z.id
            JOIN counts n ON n.id = k.count JOIN serials r ON r.item = k.item AND r.serial = k.serial JOIN items i ON i.id = r.item
            WHERE s.site = ?1 AND r.site = s.id AND n.site = s.id AND r.seen <= n.closed LIMIT ?3`,
          ...[site, zone, MAX_ITEMS + 1],
        );
  return rows.length > MAX_ITEMS ? undefined : rows;
}

/** Cuts groups so that each part fits a command. */
function cut(groups: readonly ItemGroup[], names: ReadonlyMap<string, string>): ItemGroup[][] {
  const parts: ItemGroup[][] = [[]];
  let room = MAX_PART_BYTES;
  const serials = groups.flatMap((group) => ('raw' in group ? [] : [group]));
  for (const { gtin, serials: all } of serials) {
    const head = GROUP_BYTES + 3 * (names.get(gtin)?.length ?? 0);
    let from = 0;
    let before = 0;
    while (from < all.length) {
      if (room < head + SERIAL_BYTES) {
        parts.push([]);
        room = MAX_PART_BYTES;
      }
      const some = all.slice(from, from + Math.floor((room - head) / SERIAL_BYTES));
      // The first of a group is the serial itself, not the difference to one of another part.
      parts.at(-1)?.push({ gtin, serials: [before + (some[0] as number), ...some.slice(1)] });
      before += some.reduce((sum, difference) => sum + difference, 0);
      from += some.length;
      room -= head + some.length * SERIAL_BYTES;
    }
  }
  return parts;
}

/** What stands in a zone at `at` (epoch milliseconds), as commands for a node; none when it is too much for a list. */
export function zoneCommands(sql: Sql, site: string, zone: string, at: number): ZoneCommand[] {
  const rows = standing(sql, site, zone);
  if (rows === undefined) return [];
  const names = new Map<string, string>();
  const items = rows.map((row) => {
    const gtin = gtinText(num(row, 'gtin'));
    const name = optionalText(row, 'name');
    if (name !== undefined) names.set(gtin, [...name].slice(0, MAX_NAME).join(''));
    return { gtin, serial: num(row, 'serial') };
  });
  const parts = cut(groupItems(items), names);
  return parts.map((groups, i) => {
    const own = groups.flatMap((group) => ('raw' in group || !names.has(group.gtin) ? [] : [[group.gtin, names.get(group.gtin)]]));
    const head = { v: 1, id: `zone-${zone}-${at}-${i + 1}`, type: 'zone', zone, at, part: i + 1, parts: parts.length } as const;
    return { ...head, items: groups, names: Object.fromEntries(own) as Record<string, string> };
  });
}

const isWish = (wants: NodeStatus['wants'] | null): wants is NonNullable<NodeStatus['wants']> =>
  typeof wants?.zone === 'string' && (wants.zone === WHOLE_SITE || isName(wants.zone)) && Number.isSafeInteger(wants.asked);

/**
 * Answers what a status asks that the one before did not: the commands wait in `outbound`, and those of an earlier answer that still wait give way.
 * To be called before the status is kept. True when something waits.
 */
export function answerWish(sql: Sql, site: string, node: string, { wants }: NodeStatus, at: number): boolean {
  if (!isWish(wants)) return false;
  const [row] = sql.exec('SELECT status FROM reports WHERE site = ? AND node = ?', site, node);
  const before = row === undefined ? undefined : (JSON.parse(text(row, 'status')) as NodeStatus).wants;
  if (before?.zone === wants.zone && before.asked === wants.asked) return false;
  const commands = zoneCommands(sql, site, wants.zone, at);
  sql.exec("DELETE FROM outbound WHERE site = ? AND node = ? AND command ->> '$.type' = 'zone'", site, node);
  for (const command of commands)
    sql.exec('INSERT INTO outbound (site, node, command) VALUES (?, ?, ?)', site, node, JSON.stringify(command));
  return commands.length > 0;
}
