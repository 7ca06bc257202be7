import type { CountBody, DecisionBody, PassageBody, RecordBody, UnknownBody } from '../../protocol/record.ts';

/** What is known of the boot that a node's newest record was made in. */
export interface Boot {
  readonly boot: string;
  /** Hub time minus the node's monotonic clock: the least over all receipts, hence the closest to the moment of booting. */
  readonly bootAt: number;
  /** Effective time of its newest passage. */
  readonly effective: number;
}

type Body = RecordBody | UnknownBody;

/** When what the record tells of was over, by the node's wall clock. */
function wallOf(record: Body): number {
  // By type: what a record of a later kind calls "closed" is not checked.
  const over = record.type === 'passage' || record.type === 'decision' || record.type === 'count';
  return over ? (record as PassageBody | DecisionBody | CountBody).closed : record.clock.wall;
}

function correctedTime(record: Body, bootAt: number): number {
  const { wall, mono, synced, offset } = record.clock;
  if (offset !== undefined) return wallOf(record) + offset;
  if (synced) return wallOf(record);
  // No one vouches for the wall clock: receipt time minus monotonic age, and from the wall clock only the short step back to the passage.
  return bootAt + mono - Math.max(0, wall - wallOf(record));
}

/**
 * Effective times of records that were received together, in epoch milliseconds: the node's wall time corrected by its measured
 * offset; never after receipt; for passages never falling within one boot of the node. A decision counts at the time of its passage
 * and a count at its end, which may lie far back, so they neither obey nor move that order. The raw clock values stay in the body.
 */
export function effectiveTimes(
  records: readonly Body[],
  receivedAt: number,
  known: Boot | undefined,
): { times: number[]; boot: Boot | undefined } {
  const bootAt = new Map<string, number>(known === undefined ? [] : [[known.boot, known.bootAt]]);
  for (const { clock } of records) {
    bootAt.set(clock.boot, Math.min(bootAt.get(clock.boot) ?? Number.MAX_SAFE_INTEGER, receivedAt - clock.mono));
  }
  let boot = known;
  const times = records.map((record) => {
    const { boot: name } = record.clock;
    const started = bootAt.get(name) as number;
    const floor = boot?.boot === name ? boot.effective : 0;
    const time = Math.max(0, Math.min(receivedAt, correctedTime(record, started)));
    if (record.type === 'decision' || record.type === 'count') {
      boot = { boot: name, bootAt: started, effective: floor };
      return time;
    }
    const effective = Math.max(floor, time);
    boot = { boot: name, bootAt: started, effective };
    return effective;
  });
  return { times, boot };
}
