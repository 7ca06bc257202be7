import type { Random } from '../random.ts';
import { bytes, keyFrom } from './entropy.ts';
import { time } from './time.ts';
import { type Member, registration, type World } from './world.ts';

/** A way in which something goes wrong. Returns false when there was nothing for it to happen to. */
type Fault = (world: World, member: Member, random: Random) => boolean | Promise<boolean>;

/** A battery that died leaves the clock at the beginning of its count. */
const FORGOTTEN: readonly number[] = [0, Date.UTC(2000, 0, 1)];
const DAY = 86_400_000;
/** A disk is put back after everything that its machine had sent has arrived or is lost. */
const RESTORE_MS = 70_000;

const liveWire = ({ node }: Member) => node.wires.find((wire) => wire.isOpen);

function goesDown(member: Member, reboots: boolean, ms: number): void {
  member.upAt = time.now + ms;
  member.reboots = reboots;
}

/** Every fault there is, by the name under which it is counted where it does not count itself. */
export const FAULTS: Readonly<Record<string, Fault>> = {
  delay: (world, { node }, random) => {
    node.line.delay = random.int(100, 1_500);
    node.line.jitter = random.int(0, 800);
    time.at(time.now + random.int(2_000, 20_000), () => Object.assign(node.line, { delay: 5, jitter: 5 }));
    world.happened('delay');
    return true;
  },
  stall: (world, member, random) => {
    const wire = liveWire(member);
    wire?.stall(random.int(1_000, 20_000));
    if (wire !== undefined) world.happened('stall');
    return wire !== undefined;
  },
  cut: (world, member, random) => {
    const wire = liveWire(member);
    wire?.cut(random.pick(['clean', 'late', 'inside'] as const));
    if (wire !== undefined) world.happened('cut');
    return wire !== undefined;
  },
  silence: (world, member) => {
    const wire = liveWire(member);
    wire?.cut('silent');
    if (wire !== undefined) world.happened('silence');
    return wire !== undefined;
  },
  cutInside: (_world, { node }) => {
    node.line.cutInside = true;
    return true;
  },
  fragments: (world, { node }, random) => {
    node.line.fragments = random.pick([0, 0.1, 0.5]);
    if (node.line.fragments > 0) world.happened('fragments');
    return true;
  },
  noHub: (world, { node }, random) => {
    node.line.downUntil = time.now + random.int(500, 40_000);
    liveWire({ node } as Member)?.cut('clean');
    world.happened('noHub');
    return true;
  },
  edgeCrash: (_world, { node }, random) => {
    if (!node.running || node.disk.planned) return false;
    node.plan(random.chance(0.6) ? { at: 'statement', after: random.int(0, 40) } : { at: 'commit', after: random.int(0, 4) });
    return true;
  },
  powerCut: (world, member, random) => {
    if (!member.node.running) return false;
    member.node.cutPower();
    goesDown(member, true, random.int(200, 30_000));
    world.happened('powerCut');
    return true;
  },
  restart: async (world, member, random) => {
    if (!member.node.running) return false;
    await member.node.stop();
    goesDown(member, false, random.int(100, 5_000));
    world.happened('restart');
    return true;
  },
  restore: (world, member) => {
    const { node } = member;
    if (!node.running) return false;
    if (!node.hasSnapshot) {
      node.disk.observe(() => node.snapshot());
      return false;
    }
    node.cutPower();
    world.checks.oracle.forgiven(node.name, node.restore() ?? []);
    goesDown(member, true, RESTORE_MS);
    world.happened('restore');
    return true;
  },
  snapshot: (_world, { node }) => {
    if (!node.running) return false;
    node.disk.observe(() => node.snapshot());
    return true;
  },
  diskFull: (_world, { node }, random) => {
    if (!node.running || node.disk.full) return false;
    node.disk.setFull(true);
    time.at(time.now + random.int(1_000, 20_000), () => node.disk.setFull(false));
    return true;
  },
  ioError: (world, { node }, random) => {
    if (!node.running) return false;
    node.disk.failOnce(random.int(0, 8));
    world.happened('ioError');
    return true;
  },
  clockJump: (world, { node }, random) => {
    node.skew += random.pick([-1, 1]) * random.pick([2_000, 90_000, 3_600_000, 40 * DAY]);
    world.happened('clockJump');
    return true;
  },
  deadBattery: (world, member, random) => {
    if (!member.node.running) return false;
    member.node.cutPower();
    member.node.forgetTime(random.pick(FORGOTTEN));
    goesDown(member, true, random.int(200, 10_000));
    world.happened('deadBattery');
    return true;
  },
  setTime: (_world, { node }) => {
    node.setTime();
    return true;
  },
  hubClock: (world, _member, random) => {
    world.hubSkew += random.pick([-1, 1]) * random.int(10, 20_000);
    world.happened('hubClock');
    return true;
  },
  ledgerCrash: (world, _member, random) => {
    if (random.chance(0.5)) world.hub.planPost({ when: random.pick(['before', 'after'] as const), what: 'crash' });
    else world.hub.planStatement('LEDGER', random.int(0, 60), 'crash');
    return true;
  },
  gatewayCrash: (world, _member, random) => {
    if (random.chance(0.4)) world.hub.planPost({ when: random.pick(['before', 'after'] as const), what: 'evict' });
    else world.hub.planStatement('GATEWAY', random.int(0, 12), 'crash');
    return true;
  },
  hubError: (world, _member, random) => {
    world.hub.planStatement('LEDGER', random.int(0, 40), 'error');
    return true;
  },
  commandCrash: (world) => {
    world.hub.planCommand();
    return true;
  },
  deploy: (world, _member, random) => {
    if (random.chance(0.7)) world.hub.planPost({ when: random.pick(['before', 'after'] as const), what: 'deploy' });
    else {
      world.hub.deploy();
      world.happened('deploy');
    }
    return true;
  },
  eviction: (world) => {
    let slept = false;
    for (const place of [...world.hub.gateways, world.hub.ledger]) {
      if (!place.awake || !place.idle) continue;
      place.evict();
      slept = true;
    }
    if (slept) world.happened('eviction');
    return slept;
  },
  slowCall: (world, _member, random) => {
    world.hub.slowCall = random.int(100, 8_000);
    return true;
  },
  latePost: (world, _member, random) => {
    world.hub.latePost = random.int(500, 10_000);
    return true;
  },
  keyRotation: async (world, member) => {
    const { node, keys } = member;
    if (keys.number > 5) return false;
    const before = keys.current;
    const next = keyFrom(bytes(world.random, 32));
    await world.append([registration(node, next)]);
    keys.current = next;
    keys.number++;
    if (node.running) node.uplink.reconnect();
    await time.advance(world.random.int(0, 20_000));
    const { site, node: name } = node.address;
    await world.append([{ type: 'device', body: { v: 1, action: 'revoke', site, node: name, key: before.id } }]);
    world.happened('keyRotation');
    return true;
  },
};
