import type { Stand } from './sample.ts';

/** The second opinion on counts: the same rules as in judge.ts, told once more and without its code. */

/** What the newest count said of an item: that it was there (`surplus` while nothing explains why), or that it was `lost` (`gone` once explained). */
export interface Said {
  readonly kind: 'read' | 'surplus' | 'lost' | 'gone';
  readonly site: number;
  readonly zone: string;
  readonly opened: number;
  readonly closed: number;
}

/** A count: where and when. */
export interface Tour {
  readonly site: number;
  readonly zone: string;
  readonly opened: number;
  readonly closed: number;
}

/** The numbers by which the table `counted` says the same. */
export const SAID = { read: 0, surplus: 1, lost: -1, gone: -2 } as const;

const standsIn = (stand: Stand): string =>
  stand.said !== undefined && stand.said.site === stand.site && stand.seen <= stand.said.closed ? stand.said.zone : '*';

/** What becomes of a door's word on an item that was counted: `moves` as ever, `booked` already, or `stale`. */
export function doorAfterCount(stand: Stand, here: number, comes: boolean, at: number): 'moves' | 'booked' | 'stale' {
  const { said } = stand;
  if (said === undefined) return 'moves';
  const { kind, opened, closed } = said;
  if ((kind === 'surplus' && comes && at <= closed) || (kind === 'lost' && !comes)) {
    stand.said = { ...said, kind: kind === 'surplus' ? 'read' : 'gone' };
    return 'booked';
  }
  const absent = kind === 'lost' || kind === 'gone';
  const isNews = at >= opened || (absent && comes && here !== said.site && stand.site < 0);
  if (isNews && kind === 'lost') stand.said = { ...said, kind: 'gone' };
  return isNews ? 'moves' : 'stale';
}

/** An item that was read. Returns by how much each site's quantity changes. */
export function readInCount(stand: Stand | undefined, tour: Tour, entry: number): { stand: Stand; changes: [number, number][] } {
  if (stand === undefined) {
    const said: Said = { ...tour, zone: tour.zone, kind: 'surplus' };
    return { stand: { site: tour.site, entry, seen: 0, debt: 0, said }, changes: [[tour.site, 1]] };
  }
  const { said } = stand;
  if (said !== undefined && said.closed > tour.closed) return { stand, changes: [] };
  const zone = tour.zone === '*' && stand.site === tour.site ? standsIn(stand) : tour.zone;
  const stays = stand.site === tour.site || stand.seen >= tour.opened;
  if (stays) {
    stand.said = { ...tour, zone, kind: said?.kind === 'surplus' ? 'surplus' : 'read' };
    return { stand, changes: [] };
  }
  const left: [number, number][] = stand.site > 0 ? [[stand.site, -1]] : [];
  const wasWrittenOff = stand.site < 0 && said?.kind === 'lost';
  stand.said = { ...tour, zone, kind: wasWrittenOff ? 'read' : 'surplus' };
  stand.site = tour.site;
  stand.entry = entry;
  return { stand, changes: [...left, [tour.site, 1]] };
}

/** An item that was expected and not read in at least two passes. True when it is taken for lost. */
export function missedInCount(stand: Stand | undefined, tour: Tour, entry: number): boolean {
  if (stand === undefined || stand.site !== tour.site || stand.seen >= tour.opened) return false;
  if (stand.said !== undefined && stand.said.closed > tour.closed) return false;
  const zone = standsIn(stand);
  if (tour.zone !== '*' && zone !== tour.zone) return false;
  stand.said = { ...tour, zone, kind: 'lost' };
  stand.site = -tour.site;
  stand.entry = entry;
  return true;
}
