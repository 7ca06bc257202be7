import type { DecisionBody, Direction, DocumentRef, ItemGroup, PassageBody } from '../../protocol/record.ts';
import type { RecordEntry } from './entry.ts';

/** What a record moves, in one direction through one door. */
export interface Move {
  readonly entry: number;
  readonly at: number;
  readonly site: string;
  readonly node: string;
  /** The record's own name, unique per node for ever: a part of a passage, or a decision. */
  readonly name: string;
  readonly door: string;
  readonly passage: string;
  readonly direction: Direction;
  readonly document: DocumentRef | null;
  readonly groups: readonly ItemGroup[];
}

/** The move of a record; undefined when it moves nothing (a stray, a doubt, an unknown direction, a later type of record). */
export function moveOf({ record, index, effectiveAt, site, node }: RecordEntry): Move | undefined {
  // By type: what a record of a later kind calls "items" is not checked.
  if (record.type !== 'passage' && record.type !== 'decision') return undefined;
  const body = record as PassageBody | DecisionBody;
  const direction = body.type === 'passage' ? body.direction : body.verdict;
  if ((direction !== 'in' && direction !== 'out') || body.items.length === 0) return undefined;
  const { door, passage, document = null, items } = body;
  const name = body.type === 'passage' ? `p/${passage}/${body.part}` : `d/${body.decision}`;
  return { entry: index, at: effectiveAt, site, node, name, door, passage, direction, document, groups: items };
}
