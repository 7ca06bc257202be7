import { type Measure, median, round } from './measure.ts';
import { passageBody } from './outbox.ts';
import { clock, openHub, until } from './setup.ts';

const ITEMS = 50;
const GTINS = 4;
/** A backlog of 1,000,000 items: two weeks of a small dock without internet. */
const BACKLOG = 20_000;
/** Backlogs until the ledger holds 5,000,000 items. */
const BACKLOGS = 5;
/** Passages of one round on the full ledger. */
const RECORDS = 4_000;
const ROUNDS = 5;
/** Bodies made and appended together: bounds what waits in memory for the disk. */
const TOGETHER = 2_000;
/** A drain at a tenth of what is wanted has hung. */
const DRAIN_MS = 600_000;

/**
 * hub.backlog: a node that was offline for long sends 1,000,000 items of random serials, the first into an empty ledger.
 * hub.post.large: the same path once the ledger holds 5,000,000 items.
 */
export async function run(): Promise<Measure[]> {
  const hub = await openHub();
  const uplink = hub.uplink();
  let made = 0;
  const fill = async (records: number): Promise<void> => {
    for (let left = records; left > 0; left -= TOGETHER) {
      const bodies = Array.from({ length: Math.min(left, TOGETHER) }, () => passageBody(made++, clock(), ITEMS, GTINS));
      await Promise.all(bodies.map((body) => hub.outbox.append([{ body }])));
    }
  };
  const drain = async (records: number): Promise<number> => {
    const from = performance.now();
    uplink.start();
    await until(() => hub.outbox.queued() === 0, 'the backlog drains', DRAIN_MS);
    const rate = (records * ITEMS) / ((performance.now() - from) / 1000);
    await uplink.stop();
    return rate;
  };
  try {
    const backlogs: number[] = [];
    for (let n = 0; n < BACKLOGS; n++) {
      await fill(BACKLOG);
      backlogs.push(await drain(BACKLOG));
    }
    const rates: number[] = [];
    for (let n = 0; n < ROUNDS; n++) {
      await fill(RECORDS);
      rates.push(await drain(RECORDS));
    }
    const params = { itemsPerPassage: ITEMS, gtinsPerPassage: GTINS, serials: 'random 38 bit' };
    return [
      {
        name: 'hub.backlog',
        value: round(backlogs[0] as number),
        unit: 'items/s',
        params: { ...params, items: BACKLOG * ITEMS, next: backlogs.slice(1).map(round).join(' ') },
      },
      {
        name: 'hub.post.large',
        value: round(median(rates)),
        unit: 'items/s',
        params: {
          ...params,
          itemsInLedgerAtStart: BACKLOGS * BACKLOG * ITEMS,
          slowestRound: round(Math.min(...rates)),
          fastestRound: round(Math.max(...rates)),
        },
      },
    ];
  } finally {
    await uplink.stop();
    await hub.close();
  }
}
