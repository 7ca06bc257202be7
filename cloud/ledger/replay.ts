import { Effects } from './effects.ts';
import type { DecodedEntry } from './entry.ts';
import { decodedEntries } from './log.ts';
import type { Projection } from './projection.ts';
import { migrate } from './schema.ts';
import type { Sql } from './sql.ts';

/** Entries read at a time: at most 160 KB each. */
const MAX_ENTRIES = 256;

function sameCommit(a: DecodedEntry | undefined, b: DecodedEntry): boolean {
  return a !== undefined && a.producer === b.producer && a.at === b.at;
}

/** Folds entries that one commit could hold into `target`, with all work that they leave waiting. Nothing goes outward. */
export function foldTogether(target: Sql, projections: readonly Projection[], entries: readonly DecodedEntry[]): Effects {
  const changed = new Effects();
  const last = entries.at(-1);
  if (last === undefined) return changed;
  target.transaction(() => {
    for (const projection of projections) projection.apply({ entries, at: last.at }, target, changed);
    for (const projection of projections) while (projection.drain?.(target, changed, last.index));
  });
  return changed;
}

/**
 * Folds the log of `source` again into the empty `target`, at most `together` entries a commit, and returns what each entry
 * changed. Nothing goes outward. A rebuild, a check of the stored rows, or state for another reader.
 * @throws Fault where a body was erased
 */
export function replay(source: Sql, target: Sql, projections: readonly Projection[], together = MAX_ENTRIES): string[] {
  migrate(target, projections);
  const effects: string[] = [];
  let group: DecodedEntry[] = [];
  const fold = (): void => {
    const changed = foldTogether(target, projections, group);
    effects.push(...group.map(({ index }) => JSON.stringify(changed.result(index))));
    group = [];
  };
  for (let from = 0; ; from += MAX_ENTRIES) {
    const entries = decodedEntries(source, from, MAX_ENTRIES);
    for (const entry of entries) {
      if (group.length >= together || !sameCommit(group.at(-1), entry)) fold();
      group.push(entry);
    }
    if (entries.length < MAX_ENTRIES) break;
  }
  fold();
  return effects;
}
