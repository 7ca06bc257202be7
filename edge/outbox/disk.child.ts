import { join } from 'node:path';
import { Doors } from '../passage/doors.ts';
import { ANTENNAS, epcsOf, readsOf, through } from '../passage/walk.fixture.ts';
import { Intake } from './intake.ts';
import { ADDRESS, CLOCK } from './outbox.fixture.ts';
import { Outbox } from './outbox.ts';

/**
 * A dock whose disk is filled from outside: pallet after pallet goes through its door until it is killed. Prints `ready` when its
 * reserve stands, and each pallet whose last read has been handed to the door.
 */
const START = 1_700_000_000_000;
const [folder = '', first = '0'] = process.argv.slice(2);
const outbox = new Outbox({
  path: join(folder, 'outbox.db'),
  address: ADDRESS,
  clock: () => CLOCK,
  limits: { reserveBytes: 4_194_304, alarmFreeBytes: 0 },
});
const intake = new Intake({ outbox, clock: () => CLOCK, log: () => undefined, retryMs: 50 });
const doors = new Doors({
  doors: [{ door: 'D1', antennas: ANTENNAS }],
  dir: join(folder, 'journal'),
  onClosed: (passage) => intake.take(passage),
  makeRoom: () => outbox.makeRoom(),
});
doors.recover();
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
while (outbox.health().reserve !== 'held' && first === '0') await wait(50);
process.stdout.write('ready\n');
for (let n = Number(first); n < Number(first) + 40; n++) {
  const at = START + n * 20_000;
  const reads = readsOf([{ epcs: epcsOf(n + 1, 10), at: through(1, 1.5, 4) }], 9, n, at);
  for (let i = 0; i < reads.length; i += 40) {
    doors.push('r1', reads.slice(i, i + 40));
    await wait(1);
  }
  process.stdout.write(`pushed ${n}\n`);
  doors.tick(at + 15_000);
  await wait(5);
}
process.stdout.write(`done ${JSON.stringify(outbox.health().reserve)}\n`);
await wait(60_000);
