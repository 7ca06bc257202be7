import type { Random } from '../random.ts';
import { Violation } from './crash.ts';
import { FAULTS } from './faults.ts';
import { document, passage } from './goods.ts';
import { time } from './time.ts';
import { type Parts, World } from './world.ts';

/** Rounds of traffic, faults and waiting in one seed. */
const STEPS = 32;
/** A whole refold costs as much as some twenty checks: on the way in some seeds, at the end in all. */
const REFOLD_AT = 20;
const REFOLD_CHANCE = 0.3;
/** Longest wait for everything to drain once all faults are off: a node that was refused asks once a minute. */
const DRAIN_MS = 15 * 60_000;
const DRAIN_STEP_MS = 5_000;

export interface Outcome {
  readonly seed: number;
  readonly steps: number;
  readonly entries: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly trace: string;
  readonly violation?: { readonly rule: string; readonly step: number; readonly text: string };
  readonly lines?: readonly string[];
}

/** Runs one seed from an empty hub to the moment when everything has drained. Never throws for what the seed shows. */
export async function runSeed(seed: number, parts: Parts, keep = false): Promise<Outcome> {
  let step = 0;
  let world: World | undefined;
  let violation: Outcome['violation'];
  try {
    world = await World.open(seed, parts, keep);
    const plan = world.random.fork('plan');
    const faults = parts.mutant?.faults ?? swarm(plan);
    for (; step < STEPS; step++) {
      await round(world, plan, faults);
      world.check();
      if (step === REFOLD_AT && plan.chance(REFOLD_CHANCE) && !waits(world)) world.refold();
    }
    await drain(world);
    world.check();
    world.refold();
  } catch (error) {
    const rule = error instanceof Violation ? error.rule : 'broken';
    violation = { rule, step, text: error instanceof Violation ? error.message : String((error as Error).stack ?? error) };
  }
  const outcome = {
    ...{ seed, steps: step, entries: world?.checks.size ?? 0, faults: Object.fromEntries(world?.faults ?? []), trace: world?.digest ?? '' },
    ...(violation === undefined ? {} : { violation }),
    ...(keep ? { lines: world?.lines ?? [] } : {}),
  };
  await world?.close();
  return outcome;
}

/** Each seed knows only some faults: few at a time reach deeper than all at once. */
function swarm(random: Random): readonly string[] {
  const names = random.shuffle(Object.keys(FAULTS));
  return names.slice(0, random.int(3, Math.min(12, names.length)));
}

const waits = (world: World): boolean => world.hub.ledger.awake && world.hub.ledger.sql.exec('SELECT 1 FROM match_work LIMIT 1').length > 0;

async function round(world: World, random: Random, faults: readonly string[]): Promise<void> {
  for (const member of world.members) {
    const { node } = member;
    if (member.upAt === undefined && !node.running) member.upAt = time.now + random.int(200, 20_000);
    if (member.upAt !== undefined && time.now >= member.upAt) {
      await node.recover();
      node.start(member.reboots);
      member.upAt = undefined;
      member.reboots = true;
    }
  }
  await traffic(world, random);
  if (random.chance(0.6)) {
    const name = random.pick(faults);
    const member = random.pick(world.members);
    world.trace(`fault ${name} ${member.node.name}`);
    await FAULTS[name]?.(world, member, random);
  }
  const [low, high] = random.pick([
    [0, 20],
    [20, 500],
    [500, 5_000],
    [5_000, 20_000],
  ] as const);
  await time.advance(random.int(low, high));
}

async function traffic(world: World, random: Random): Promise<void> {
  for (let n = random.int(0, 3); n > 0; n--) {
    const member = random.pick(world.members);
    const { node } = member;
    const name = `${node.address.node}-${++member.passages}`;
    const closed = passage(random, name, random.pick(['D1', 'D2']), node.wall);
    world.checks.oracle.closed(node.name, closed);
    node.pass(closed);
    if (random.chance(0.5)) await time.advance(random.int(0, 10));
  }
  if (random.chance(0.3)) random.pick(world.members).node.decide(random.pick(['in', 'out', 'stray']));
  if (random.chance(0.1)) random.pick(world.members).node.choose(random.pick(['D1', 'D2']));
  if (random.chance(0.15)) await world.audit();
  if (random.chance(0.15)) await world.append([document(random, `N${world.checks.size}-${random.int(1, 999)}`, world.sites)]);
}

/** Ends all faults and waits until every node, the hub and the lines between are at rest. @throws Violation when they do not come to rest */
async function drain(world: World): Promise<void> {
  world.hub.calm();
  for (const member of world.members) {
    const { node } = member;
    Object.assign(node.line, { delay: 5, jitter: 5, downUntil: 0, fragments: 0, cutInside: false });
    if (node.running) node.disk.setFull(false);
  }
  for (let waited = 0; ; waited += DRAIN_STEP_MS) {
    for (const member of world.members) {
      const { node } = member;
      if (node.running) continue;
      // A machine whose disk was put back comes when it comes.
      if (member.upAt !== undefined && member.upAt > time.now) continue;
      await node.recover();
      node.disk.setFull(false);
      node.start(true);
      member.upAt = undefined;
    }
    await time.advance(DRAIN_STEP_MS);
    world.check();
    const troubles = restless(world);
    if (troubles.length === 0) return;
    if (waited >= DRAIN_MS) throw new Violation('drain', `with all faults off for ${DRAIN_MS / 60_000} minutes: ${troubles.join('; ')}`);
  }
}

/** What is not at rest, in words. */
function restless(world: World): string[] {
  const found: string[] = [];
  for (const { node } of world.members) {
    if (!node.running) {
      found.push(`${node.name} does not run`);
      continue;
    }
    const { state, queued, refusal } = node.uplink.state();
    const health = node.disk.observe(() => node.outbox.health());
    if (state !== 'online') found.push(`${node.name} is ${state} (${refusal?.code ?? ''} ${refusal?.text ?? ''})`);
    else if (refusal !== null) found.push(`${node.name} is refused: ${refusal.code} ${refusal.text}`);
    if (queued > 0) found.push(`${node.name} has ${queued} records queued`);
    if (node.held + node.waiting > 0) found.push(`${node.name} holds ${node.waiting} passages`);
    if (health.fault !== undefined) found.push(`the outbox of ${node.name}: ${health.fault.code} ${health.fault.text}`);
    for (const { kind, why } of health.notices) found.push(`the outbox of ${node.name} is ${kind}: ${why}`);
    const due = node.disk.observe(() => node.outbox.expectations()).map(({ number }) => number);
    const unknown = (world.checks.oracle.expected(node.name) ?? []).filter((number) => !due.includes(number));
    if (unknown.length > 0) found.push(`${node.name} was never told of ${unknown.join(', ')}`);
    for (const passage of world.checks.oracle.due(node.name)) {
      if (!world.checks.oracle.isLogged(node.name, passage)) found.push(`passage ${passage} of ${node.name} is not in the log`);
    }
  }
  const { sql } = world.hub.ledger;
  const commands = sql.exec('SELECT count(*) AS n FROM outbound')[0]?.['n'];
  if (commands !== 0) found.push(`${String(commands)} commands wait in the ledger`);
  for (const gateway of world.hub.gateways) {
    if (gateway.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'commands'").length === 0) continue;
    const kept = gateway.sql.exec('SELECT count(*) AS n FROM commands')[0]?.['n'];
    if (kept !== 0) found.push(`${String(kept)} commands wait in the gateway of ${gateway.name}`);
  }
  for (const row of sql.exec('SELECT site, node, status FROM reports')) {
    if ((JSON.parse(String(row['status'])) as { online?: boolean }).online !== true)
      found.push(`${String(row['site'])}/${String(row['node'])} shows as offline`);
  }
  return found;
}
