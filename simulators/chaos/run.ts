import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { loadIdentity } from '../../edge/identity.ts';
import { Fault } from '../../protocol/fault.ts';
import type { NodeAddress } from '../../protocol/topics.ts';
import { differences, stockOf, trueJourneys } from '../e2e/ledger.ts';
import { HubClient } from '../erp/hub.ts';
import { Random } from '../random.ts';
import { Leash } from '../stack/leash.ts';
import { freePort } from '../stack/ports.ts';
import { planShots, type Shot } from './aim.ts';
import { Committed, checkNode, journeysOf, type NodeCheck, readLog, stockDifferences, stockOfSite } from './check.ts';
import { lookAt, STATES, type State } from './look.ts';
import { type ChaosNode, Feeder } from './node.ts';
import { numberOf, stockAfter } from './passages.ts';
import { WireProxy } from './proxy.ts';
import { HubRuntime } from './runtime.ts';
import { headOf, strike } from './strike.ts';
import { Yard } from './yard.ts';

export interface ChaosOptions {
  readonly kills: number;
  readonly seed: number;
  /** Share of the kills that fall while the whole edge runs with an emulated reader; the others fall on the fast node. */
  readonly dockShare: number;
  /** Told what happens, a line each. */
  readonly say?: (line: string) => void;
  /** Every line that a child writes. */
  readonly line?: (line: string) => void;
}

export interface ChaosReport {
  readonly seed: number;
  readonly kills: number;
  /** By what was killed. */
  readonly victims: Readonly<Record<string, number>>;
  /** Kills that hit a record in each state; one kill may hit several. */
  readonly hits: Readonly<Record<State, number>>;
  readonly entries: number;
  readonly passages: number;
  readonly lost: number;
  readonly twice: number;
  readonly seconds: number;
  /** Everything that must not be; the run is good when it is empty. */
  readonly problems: readonly string[];
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TENANT = 'chaos';
const FEED: NodeAddress = { tenant: TENANT, site: 'FEED', node: 'feeder' };
const DOCK: NodeAddress = { tenant: TENANT, site: 'DOCK', node: 'dock-1' };
/** Passages a second of the fast node: a hundred times a busy door, and little enough that a thousand kills leave a log that can be read back. */
const RATE = 12;
const DRAIN_MS = 60_000;

/** One world: hub, two nodes, their proxies. */
class World {
  readonly dir = mkdtempSync(join(tmpdir(), 'docket-chaos-'));
  readonly leash = new Leash();
  readonly hits: Record<State, number> = { 'before commit': 0, unsent: 0, 'in flight': 0, 'posted but unacknowledged': 0 };
  readonly victims: Record<string, number> = { edge: 0, hub: 0, workerd: 0 };
  readonly problems: string[] = [];
  readonly committed = { feed: new Committed(), dock: new Committed() };
  readonly hub: HubRuntime;
  readonly options: ChaosOptions;
  readonly proxies: WireProxy[] = [];
  readonly #token: string;
  readonly #from = performance.now();
  kills = 0;

  constructor(options: ChaosOptions, port: number) {
    this.options = options;
    this.#token = randomBytes(32).toString('base64url');
    this.hub = new HubRuntime({
      root: ROOT,
      dataDir: join(this.dir, 'hub'),
      port,
      bootstrapToken: this.#token,
      leash: this.leash,
      ...this.lines('hub'),
    });
  }

  say(line: string): void {
    this.options.say?.(line);
  }

  lines(from: string): { line?: (line: string) => void } {
    const { line } = this.options;
    return line === undefined ? {} : { line: (text) => line(`[${from}] ${text}`) };
  }

  /** Opens the tenant with both sites. */
  async tenant(): Promise<HubClient> {
    const bootstrap = new HubClient(this.hub.address, this.#token);
    const company = { name: 'Chaos SAS', vat: 'FR40303265045', siren: '303265045' };
    const { body } = await bootstrap.call<{ key: string }>('POST', '/v1/tenants', { tenant: TENANT, name: company.name, company });
    const client = new HubClient(this.hub.address, body.key);
    for (const site of [FEED.site, DOCK.site]) await client.call('PUT', `/v1/sites/${site}`, { name: site, timeZone: 'Europe/Paris' });
    return client;
  }

  /** Kills once and counts where it hit. */
  async shoot(shot: Shot, node: ChaosNode, committed: Committed, client: HubClient): Promise<void> {
    const hit = await strike(shot, node, this.hub, client);
    this.kills += 1;
    this.victims[shot.victim] = (this.victims[shot.victim] ?? 0) + 1;
    for (const state of hit.states) this.hits[state] += 1;
    if (hit.look !== undefined) committed.add(hit.look);
    for (const violation of hit.violations)
      this.problems.push(`kill ${this.kills} (${shot.victim}, seed ${this.options.seed}): ${violation}`);
    const { open, committed: written, sent, posted, acknowledged } = hit.aftermath;
    const numbers = shot.victim === 'edge' ? `open ${open}, committed ${written}, ` : '';
    this.say(
      `${String(this.kills).padStart(4)} ${((performance.now() - this.#from) / 1000).toFixed(0).padStart(4)} s ${node.address.node} ${shot.victim.padEnd(7)} at ${shot.cue}, network ${shot.weather.kind}: ` +
        `${numbers}sent ${sent}, posted ${posted}, acknowledged ${acknowledged}: ${hit.states.join(', ') || 'idle'}`,
    );
  }

  async end(): Promise<void> {
    for (const proxy of this.proxies) proxy.close();
    await this.hub.stop();
    this.leash.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** The whole edge: one pallet, one kill. */
async function runDock(
  world: World,
  shots: readonly Shot[],
  client: HubClient,
): Promise<{ check: (entries: Entries) => Promise<NodeCheck> }> {
  const proxy = await WireProxy.open(Number(new URL(world.hub.address).port));
  world.proxies.push(proxy);
  const { root, dataDir } = { root: ROOT, dataDir: join(world.dir, 'dock') };
  const yard = await Yard.open(DOCK, proxy, {
    ...{ root, dataDir, seed: world.options.seed, panelPort: await freePort(), leash: world.leash },
    ...world.lines('dock'),
  });
  await client.call('POST', '/v1/nodes', { site: DOCK.site, node: DOCK.node, publicKey: await yard.edge.publicKey() });
  try {
    await yard.start();
    await yard.calm();
    for (const shot of shots) {
      const striking = shot.cue === 'closed' || shot.cue === 'anything' ? undefined : world.shoot(shot, yard, world.committed.dock, client);
      await yard.drive();
      // While the door waits for the end of the passage, its pallet is in no record yet.
      await (striking ?? world.shoot({ ...shot, cue: 'anything', delayMs: shot.delayMs * 5 }, yard, world.committed.dock, client));
      await yard.calm();
    }
    const asked = await yard.decideAll();
    await yard.calm();
    world.say(`dock: ${shots.length} pallets, ${asked} items decided on the panel`);
  } finally {
    await yard.stop();
  }
  const last = lookAt(yard.outbox);
  world.committed.dock.add(last);
  return {
    check: async (entries) => {
      const found = checkNode(DOCK, entries, await headOf(client, yard), last, world.committed.dock);
      const truth = trueJourneys(yard.warehouse.crossings);
      const items = differences(truth, journeysOf(DOCK, entries)).slice(0, 10);
      const stock = stockDifferences(DOCK.site, stockOf(truth), await stockOfSite(client, DOCK.site));
      return { ...found, problems: [...found.problems, ...items, ...stock] };
    },
  };
}

type Entries = Awaited<ReturnType<typeof readLog>>['entries'];

/** The fast node: passages without end, kills one after the other. */
async function runFeeder(
  world: World,
  shots: readonly Shot[],
  client: HubClient,
): Promise<{ check: (entries: Entries) => Promise<NodeCheck> }> {
  const proxy = await WireProxy.open(Number(new URL(world.hub.address).port));
  world.proxies.push(proxy);
  const dataDir = join(world.dir, 'feeder');
  const feeder = new Feeder(FEED, proxy, { root: ROOT, dataDir, leash: world.leash, ...world.lines('feeder') });
  await client.call('POST', '/v1/nodes', { site: FEED.site, node: FEED.node, publicKey: loadIdentity(dataDir).publicKey });
  feeder.rate = RATE;
  try {
    await feeder.start();
    for (const shot of shots) await world.shoot(shot, feeder, world.committed.feed, client);
    feeder.rate = 0;
    await feeder.stop();
    await feeder.start();
    await drained(feeder, client);
  } finally {
    await feeder.stop();
  }
  const last = lookAt(feeder.outbox);
  world.committed.feed.add(last);
  return {
    check: async (entries) => {
      const found = checkNode(FEED, entries, await headOf(client, feeder), last, world.committed.feed);
      const count = 1 + [...world.committed.feed.passages.keys()].reduce((most, passage) => Math.max(most, numberOf(passage) ?? -1), -1);
      const missing = count - world.committed.feed.passages.size;
      const gap = missing === 0 ? [] : [`${FEED.node}: ${missing} of the passages 0 to ${count - 1} were never committed`];
      const stock = stockDifferences(FEED.site, stockAfter(count), await stockOfSite(client, FEED.site));
      return { ...found, problems: [...found.problems, ...gap, ...stock] };
    },
  };
}

async function drained(feeder: Feeder, client: HubClient): Promise<void> {
  const until = Date.now() + DRAIN_MS;
  while (Date.now() < until) {
    // A copy of a file that is being written may be torn; it is only asked how far it is, and read again at the end.
    const { seq } = await headOf(client, feeder);
    try {
      if (seq === lookAt(feeder.outbox).seq) return;
    } catch {
      // once more
    }
    await pause(100);
  }
  throw new Fault('NOT_DRAINED', `the outbox of ${feeder.address.node} did not drain within ${DRAIN_MS / 1000} s`);
}

/** Runs a whole chaos run. It ends with a report; what is wrong stands in its problems. @throws Fault when a part does not come up */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const from = performance.now();
  const random = new Random(options.seed).fork('chaos');
  const world = new World(options, await freePort());
  try {
    await world.hub.prepare();
    await world.hub.start();
    const client = await world.tenant();
    const shots = planShots(options.kills, random);
    const dockKills = Math.round(options.kills * options.dockShare);
    const parts = [];
    if (dockKills > 0) parts.push(await runDock(world, shots.slice(0, dockKills), client));
    if (dockKills < shots.length) parts.push(await runFeeder(world, shots.slice(dockKills), client));
    const { entries, problems } = await readLog(client);
    const checks: NodeCheck[] = [];
    for (const part of parts) checks.push(await part.check(entries));
    const never = STATES.filter((state) => world.hits[state] === 0).map((state) => `no kill hit the state "${state}"`);
    const sum = (of: (check: NodeCheck) => number): number => checks.reduce((total, check) => total + of(check), 0);
    return {
      ...{ seed: options.seed, kills: world.kills, victims: world.victims, hits: world.hits, entries: entries.length },
      passages: sum((check) => check.passages),
      lost: sum((check) => check.lost),
      twice: sum((check) => check.twice),
      seconds: Math.round((performance.now() - from) / 100) / 10,
      problems: [...world.problems, ...problems, ...checks.flatMap((check) => check.problems), ...never],
    };
  } finally {
    await world.end();
  }
}
