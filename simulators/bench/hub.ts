import { type Measure, median, round } from './measure.ts';
import { passageBody } from './outbox.ts';
import { clock, openHub, until } from './setup.ts';

const ITEMS = 50;
const RECORDS = 4_000;
const ROUNDS = 5;
/** A mixed pallet: rows are written per article and entry, so one article a passage would flatter. */
const GTINS = 4;

/**
 * hub.post and hub.rowsWrittenPerItem: a backlog of 50-item passages drains from an outbox through the real uplink, MQTT, gateway
 * (signatures verified) and ledger (log, tree, registry, stock, matching); random serials, the registry's worst case.
 */
export async function run(): Promise<Measure[]> {
  const hub = await openHub();
  const uplink = hub.uplink();
  try {
    const rates: number[] = [];
    const rowsPerItem: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const bodies = Array.from({ length: RECORDS }, (_, n) => passageBody(round * RECORDS + n, clock(), ITEMS, GTINS));
      await Promise.all(bodies.map((body) => hub.outbox.append([{ body }])));
      // Read just before and just after: the count begins anew whenever the platform lets the idle object go.
      const before = await hub.rowsWritten();
      const from = performance.now();
      uplink.start();
      await until(() => hub.outbox.queued() === 0, 'the backlog drains', 180_000);
      rates.push((RECORDS * ITEMS) / ((performance.now() - from) / 1000));
      rowsPerItem.push(((await hub.rowsWritten()) - before) / (RECORDS * ITEMS));
      await uplink.stop();
    }
    const items = ROUNDS * RECORDS * ITEMS;
    const params = {
      items,
      itemsPerPassage: ITEMS,
      rounds: ROUNDS,
      serials: 'random 38 bit',
      gtinsPerPassage: GTINS,
      itemsInLedgerAtEnd: items,
    };
    return [
      {
        name: 'hub.post',
        value: round(median(rates)),
        unit: 'items/s',
        params: { ...params, slowestRound: round(Math.min(...rates)), fastestRound: round(Math.max(...rates)) },
      },
      { name: 'hub.rowsWrittenPerItem', value: round(median(rowsPerItem)), unit: 'rows/item', params },
    ];
  } finally {
    await uplink.stop();
    await hub.close();
  }
}
