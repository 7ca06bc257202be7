import type { Read } from '../../protocol/read.ts';
import { type AntennaHearing, type Nearest, type SetUpTag, TAGS_SHOWN } from '../panel/setupmodel.ts';

/** What was heard this long ago counts a third: a moved tag is followed within a second or two. */
const FADE_MS = 1_000;
/** Under this a level rests on one read of some seconds ago. */
const FAINT = 0.05;
/** Fewer reads in the last second say nothing about where a tag is. */
const ENOUGH = 2;
/** Beside one another antennas of a door hear a tag that is held in front of one at least this much differently. */
const CLEAR_DB = 4;
/** A busy dock in the minutes that a technician looks; beyond it the longest unheard are forgotten. */
const MAX_TAGS = 1_000;
/** Who looks asks some times a second; after this nobody does, and reads cost nothing. */
const WATCH_MS = 5_000;

/** A level in dBm that forgets: the newest reads count most. */
class Level {
  #weight = 0;
  #sum = 0;
  #at = 0;

  add(rssi: number, at: number): void {
    const kept = this.#kept(at);
    this.#weight = this.#weight * kept + 1;
    this.#sum = this.#sum * kept + rssi;
    this.#at = Math.max(this.#at, at);
  }

  #kept(at: number): number {
    return at <= this.#at ? 1 : Math.exp((this.#at - at) / FADE_MS);
  }

  /** Reads in about the last second. */
  weight(now: number): number {
    return this.#weight * this.#kept(now);
  }

  /** Mean of those; null when there are none. */
  mean(now: number): number | null {
    return this.weight(now) < FAINT ? null : this.#sum / this.#weight;
  }
}

interface Tag {
  readonly epc: string;
  count: number;
  antenna: string;
  last: number;
  readonly levels: Map<string, Level>;
}

const keyOf = (reader: string, port: number): string => `${port}/${reader}`;
const placeOf = (key: string): { reader: string; port: number } => {
  const slash = key.indexOf('/');
  return { reader: key.slice(slash + 1), port: Number(key.slice(0, slash)) };
};
const round = (level: number): number => Math.round(level * 10) / 10;

/** What the antennas hear now, for a technician who looks; costs nothing while nobody does. */
export class Hearing {
  readonly #antennas = new Map<string, Level>();
  /** In the order in which they were first heard. */
  readonly #tags = new Map<string, Tag>();
  #watchedUntil = Number.NEGATIVE_INFINITY;

  /** Somebody looks. */
  watch(now: number): void {
    if (now > this.#watchedUntil) this.clear();
    this.#watchedUntil = now + WATCH_MS;
  }

  clear(): void {
    this.#antennas.clear();
    this.#tags.clear();
  }

  reads(reader: string, reads: readonly Read[]): void {
    for (const { epc, antenna, rssi, at } of reads) {
      if (at > this.#watchedUntil) return;
      const key = keyOf(reader, antenna);
      level(this.#antennas, key).add(rssi, at);
      let tag = this.#tags.get(epc);
      if (tag === undefined) {
        if (this.#tags.size >= MAX_TAGS) this.#forget();
        tag = { epc, count: 0, antenna: key, last: at, levels: new Map() };
        this.#tags.set(epc, tag);
      }
      tag.count++;
      tag.antenna = key;
      tag.last = at;
      level(tag.levels, key).add(rssi, at);
    }
  }

  /** A tenth at once, so that the search is paid for once. */
  #forget(): void {
    const oldest = [...this.#tags.values()].sort((a, b) => a.last - b.last).slice(0, MAX_TAGS / 10);
    for (const { epc } of oldest) this.#tags.delete(epc);
  }

  get tagsTotal(): number {
    return this.#tags.size;
  }

  antenna(reader: string, port: number, now: number): AntennaHearing {
    const heard = this.#antennas.get(keyOf(reader, port));
    const rssi = heard?.mean(now) ?? null;
    return {
      port,
      readsPerSecond: Math.round(((heard?.weight(now) ?? 0) * 1_000) / FADE_MS),
      rssi: rssi === null ? null : round(rssi),
    };
  }

  tags(now: number): SetUpTag[] {
    return [...this.#tags.values()]
      .slice(-TAGS_SHOWN)
      .reverse()
      .map((tag) => {
        const { epc, count, antenna, last, levels } = tag;
        const [key, mean] = levelsOf(tag, now)[0] ?? [antenna, levels.get(antenna)?.mean(last) ?? 0];
        return { epc, count, ...placeOf(key), rssi: round(mean), last };
      });
  }

  /** The antenna that hears `epc` best, or that hears any tag best; null while nothing is heard. */
  nearest(now: number, epc?: string): Nearest | null {
    let best: { readonly tag: Tag; readonly heard: readonly [string, number][] } | undefined;
    for (const tag of epc === undefined ? this.#tags.values() : [this.#tags.get(epc)]) {
      if (tag === undefined) continue;
      const heard = levelsOf(tag, now);
      if (heard[0] !== undefined && (best?.heard[0] === undefined || heard[0][1] > best.heard[0][1])) best = { tag, heard };
    }
    const [first, second] = best?.heard ?? [];
    if (best === undefined || first === undefined) return null;
    return {
      epc: best.tag.epc,
      ...placeOf(first[0]),
      rssi: round(first[1]),
      ...(second === undefined ? {} : { next: { ...placeOf(second[0]), rssi: round(second[1]) } }),
      clear: second === undefined || first[1] - second[1] >= CLEAR_DB,
    };
  }
}

function level(levels: Map<string, Level>, key: string): Level {
  let found = levels.get(key);
  if (found === undefined) {
    found = new Level();
    levels.set(key, found);
  }
  return found;
}

/** Antennas that hear a tag well enough now, the best first. */
function levelsOf(tag: Tag, now: number): [string, number][] {
  if (now - tag.last > 2 * FADE_MS) return [];
  return [...tag.levels]
    .filter(([, one]) => one.weight(now) >= ENOUGH)
    .map(([key, one]): [string, number] => [key, one.mean(now) ?? Number.NEGATIVE_INFINITY])
    .sort((a, b) => b[1] - a[1]);
}
