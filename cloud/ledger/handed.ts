import { countItems, type ItemGroup } from '../../protocol/record.ts';
import type { Effects } from './effects.ts';
import type { Migration } from './projection.ts';
import { type Sql, text } from './sql.ts';

/** Names in one JSON parameter: at most 120 bytes each stay far below the 2 MB that a value may have. */
const MAX_NAMES = 5_000;

/**
 * The moves that each node has handed over, by their names. A node whose disk was restored opens a new epoch and sends again what it
 * can't know the hub has; the high-water mark of the old epoch says nothing of the new one, the name does.
 */
export const handedMigration: Migration = {
  id: 'handed',
  statements: ['CREATE TABLE handed (node TEXT, name TEXT, PRIMARY KEY (node, name)) WITHOUT ROWID'],
};

/** What a node hands over under a name of its own, unique per node for ever. */
export interface Handed {
  readonly entry: number;
  readonly site: string;
  readonly node: string;
  readonly name: string;
  readonly groups: readonly ItemGroup[];
}

const keyOf = (move: Handed): string => `${move.site}/${move.node} ${move.name}`;

/** Those that are handed over for the first time; the others are noted as anomalies and move nothing. */
export function firstHanded<T extends Handed>(moves: readonly T[], sql: Sql, effects: Effects): T[] {
  const fresh = new Set<string>();
  for (let from = 0; from < moves.length; from += MAX_NAMES) {
    const names = moves.slice(from, from + MAX_NAMES).map((move) => [`${move.site}/${move.node}`, move.name]);
    const rows = sql.exec(
      `INSERT INTO handed (node, name) SELECT value ->> 0, value ->> 1 FROM json_each(?) WHERE true
        ON CONFLICT DO NOTHING RETURNING node, name`,
      JSON.stringify(names),
    );
    for (const row of rows) fresh.add(`${text(row, 'node')} ${text(row, 'name')}`);
  }
  return moves.filter((move) => {
    // Deleted once seen: the same name twice in one commit is handed over once.
    if (fresh.delete(keyOf(move))) return true;
    const ordinals = [[0, countItems(move.groups)]] as const;
    effects.of(move.entry).anomalies.push({ entry: move.entry, code: 'REPEATED_RECORD', site: move.site, gtin: null, ordinals });
    return false;
  });
}
