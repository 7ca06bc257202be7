import { join } from 'node:path';
import { loadIdentity } from '../../edge/identity.ts';
import { jsonLog } from '../../edge/log.ts';
import { Intake } from '../../edge/outbox/intake.ts';
import { Outbox } from '../../edge/outbox/outbox.ts';
import { Uplink } from '../../edge/uplink/uplink.ts';
import type { NodeClock } from '../../protocol/record.ts';
import type { NodeAddress } from '../../protocol/topics.ts';
import { closedPassage, numberOf } from './passages.ts';

/**
 * The inner half of a node, from closed passages on: the real intake, outbox and uplink, fed at a rate that no emulated reader reaches.
 * It goes on with the first passage that its file does not know, as a door's journal would. SIGTERM stops it in order.
 */
interface Options {
  readonly dataDir: string;
  readonly address: NodeAddress;
  readonly url: string;
  /** Passages a second; 0 makes none and only hands over what waits. */
  readonly rate: number;
}

/** Passages that close within a moment: twice what the outbox commits at once after a quiet time. */
const BURST = 8;
const BURST_STEP_MS = 4;

const options = JSON.parse(process.argv[2] ?? '{}') as Options;
const log = jsonLog((line) => process.stdout.write(line));
const { address, dataDir, url, rate } = options;
const identity = loadIdentity(dataDir);
const boot = identity.id.slice(0, 8).toLowerCase();
const clock = (): NodeClock => ({ wall: Date.now(), mono: Math.round(performance.now()), boot, synced: true });
const outbox = new Outbox({ path: join(dataDir, 'outbox.db'), address, clock });
const intake = new Intake({ outbox, clock, log });
const uplink = new Uplink({
  address,
  url,
  key: () => identity,
  outbox,
  status: () => ({ v: 1, online: true, at: Date.now(), queued: outbox.queued() }),
  onCommand: () => undefined,
  log,
});

let next = 1 + outbox.passages(1_000).reduce((last, { passage }) => Math.max(last, numberOf(passage) ?? -1), -1);
const feed = (): void => {
  intake.take(closedPassage(next++, Date.now())).catch((error: unknown) => {
    log('feeder.failed', { text: String(error) });
    process.exit(1);
  });
};
// Several doors at once: some passages then wait for the next commit, as the outbox makes only so many a second.
const burst = (): void => {
  for (let i = 0; i < BURST; i++) setTimeout(feed, i * BURST_STEP_MS);
};
const feeding = rate > 0 ? setInterval(burst, (BURST * 1000) / rate) : undefined;
process.once('SIGTERM', () => {
  clearInterval(feeding);
  void outbox
    .flush()
    .then(() => uplink.stop())
    .then(() => outbox.close())
    .then(() => log('stopped', { complete: true }));
});
uplink.start();
log('ready', { next, queued: outbox.queued() });
