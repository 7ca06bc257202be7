import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Doors } from '../../edge/passage/doors.ts';
import type { ClosedPassage } from '../../edge/passage/tracker.ts';
import type { Read } from '../../protocol/read.ts';
import type { PhysicalRead } from '../warehouse/physics/inventory.ts';
import type { EyeEdge } from '../warehouse/physics/photoeye.ts';

/** Epoch milliseconds at which every scene begins. */
const START = 1_700_000_000_000;
/** Reads come in chunks of a serial line, and doors are asked this often whether a passage is over. */
const STEP_MS = 50;
/** Longer than any quiet interval or cap: at the end all is closed. */
const LATER_MS = 120_000;
const EYES = { outer: 'outside', inner: 'inside' } as const;

/** What a door tells of a tag: its verdict and, where it gives one, how sure it is. */
export interface Told {
  readonly epc: string;
  readonly door: string;
  readonly verdict: 'in' | 'out' | 'stray' | 'unknown';
  /** Of the verdict, 0 to 1; undefined when it gives none. */
  readonly confidence: number | undefined;
}

/** A passage as later versions of the edge tell it: each tag with a verdict of its own. */
interface WithTags {
  readonly tags?: readonly { readonly epc: string; readonly verdict: Told['verdict']; readonly confidence: number }[];
}

/** Doors that take the edges of photo-eyes; those that do not are not told of them. */
interface WithEyes {
  eye?(door: string, side: 'outside' | 'inside', blocked: boolean, at: number): void;
}

function told(passage: ClosedPassage): Told[] {
  const { door, direction, confidence, moved, doubts, strays } = passage;
  const { tags } = passage as ClosedPassage & WithTags;
  if (tags !== undefined) return tags.map((tag) => ({ epc: tag.epc, door, verdict: tag.verdict, confidence: tag.confidence }));
  return [
    ...moved.map((epc) => ({ epc, door, verdict: direction, confidence })),
    ...doubts.map(({ epc }) => ({ epc, door, verdict: 'unknown' as const, confidence: undefined })),
    ...strays.map((epc) => ({ epc, door, verdict: 'stray' as const, confidence: undefined })),
  ];
}

export interface Heard {
  readonly reads: readonly PhysicalRead[];
  readonly edges: readonly EyeEdge[];
  readonly ms: number;
}

/** True when the doors of this edge know photo-eyes. */
export const KNOWS_EYES = 'eye' in Doors.prototype;

/** Plays reads and edges to the edge's own doors, journals and all; `D1` hangs on reader r1, `D2` on r2. */
export function playDoors({ reads, edges, ms }: Heard, eyes: boolean): Told[] {
  const dir = mkdtempSync(join(tmpdir(), 'docket-accuracy-'));
  const all: Told[] = [];
  const antennas = (reader: string) =>
    [1, 2, 3, 4].map((port) => ({ reader, port, side: port <= 2 ? ('outside' as const) : ('inside' as const) }));
  const readers = [...new Set(['r1', ...reads.map(({ reader }) => reader)])];
  const doors = new Doors({
    doors: readers.map((reader) => ({ door: reader.replace('r', 'D'), antennas: antennas(reader) })),
    dir,
    onClosed: (passage) => {
      all.push(...told(passage));
      return Promise.resolve();
    },
  });
  try {
    doors.recover();
    let next = 0;
    let edge = 0;
    for (let until = STEP_MS; until <= ms + STEP_MS; until += STEP_MS) {
      const due = new Map<string, Read[]>();
      for (let read = reads[next]; read !== undefined && read.at < until; read = reads[++next]) {
        const { at, antenna, epc, rssi, phase, kHz } = read;
        const own = due.get(read.reader) ?? [];
        own.push({ at: START + at, antenna, epc, rssi, phase, kHz });
        due.set(read.reader, own);
      }
      for (let one = edges[edge]; one !== undefined && one.at < until; one = edges[++edge]) {
        if (eyes) (doors as WithEyes).eye?.('D1', EYES[one.eye as 'outer' | 'inner'], one.blocked, START + one.at);
      }
      for (const [reader, own] of due) doors.push(reader, own);
      doors.tick(START + until);
    }
    doors.tick(START + ms + LATER_MS);
  } finally {
    doors.close();
    rmSync(dir, { recursive: true, force: true });
  }
  return all;
}
