import { Fault } from '../../../protocol/fault.ts';
import * as codec from './codec.ts';
import type { Control } from './control.ts';

const { Status } = codec;

/**
 * How long one search of a polled module takes. A tag is told once for each search and antenna, so this is also how often its signal
 * strength is seen: five times a second gives ten to twenty points while a pallet crosses a door.
 */
export const SEARCH_MS = 200;
/** The module adds the time that its antennas take to settle. */
const SEARCH_GRACE_MS = 800;
/** Most tags that a module keeps for one search; beyond that its count is a lie. */
const MAX_TAGS = 1_024;

/** What a search tells besides its tags, which its frames carry. */
export interface PollEvents {
  /** A search is about to begin: its time stamps count from here. */
  searching(): void;
}

/**
 * Searches and fetches, again and again, until `ended` says so.
 * @throws Fault READER_SILENT when the module does not answer, READER_REFUSED when it does not hand out its tags
 */
export async function pollTags(control: Control, metadata: number, events: PollEvents, ended: () => boolean): Promise<void> {
  while (!ended()) {
    events.searching();
    const { status, data } = await control.ask(codec.search(SEARCH_MS), SEARCH_MS + SEARCH_GRACE_MS);
    if (status === Status.NO_TAGS) continue;
    // Any other status is a warning that the session has seen in the frame itself; what was found before it still counts.
    let left = status === Status.OK ? Math.min(MAX_TAGS, countOf(data)) : MAX_TAGS;
    let found = 0;
    while (left > 0 && !ended()) {
      const piece = await control.ask(codec.tagBufferOf(metadata));
      const taken = piece.data[3] ?? 0;
      if (piece.status !== Status.OK && piece.status !== Status.NO_TAGS) {
        throw new Fault('READER_REFUSED', `the module does not hand out its tags: ${codec.statusText(piece.status)}`, {
          status: piece.status,
        });
      }
      if (taken === 0) break;
      found += taken;
      left -= taken;
    }
    if (found === 0) await pause();
    if (!ended()) await control.ask(codec.clearTagBuffer());
  }
}

/** A module whose antenna is open refuses at once: without a pause it would be asked thousands of times a second. */
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, SEARCH_MS));

/** One byte behind option and search flags, or four. */
function countOf(data: Uint8Array): number {
  if (data.length === 4) return data[3] as number;
  return data.length >= 7 ? ((data[5] as number) << 8) | (data[6] as number) : 0;
}
