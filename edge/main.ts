import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import packageFile from '../package.json' with { type: 'json' };
import type { Command, NodeStatus } from '../protocol/command.ts';
import { Broker } from './broker/broker.ts';
import { Clock } from './clock.ts';
import { Counting } from './counting.ts';
import { Desk } from './desk.ts';
import { DoorEyes } from './eyes.ts';
import { NodeKeys } from './identity.ts';
import { StackLights } from './lights.ts';
import { faultFields, type Log } from './log.ts';
import { Intake } from './outbox/intake.ts';
import { Outbox } from './outbox/outbox.ts';
import { startPanel } from './panel/server.ts';
import { Doors } from './passage/doors.ts';
import { isNetworkModel } from './readers/network/inlet.ts';
import type { ReaderEvents, ReaderSettings } from './readers/reader.ts';
import { type Settings, zoneAntennas } from './settings.ts';
import { SetUp } from './setup/setup.ts';
import { type NodeKey, Uplink, type UplinkState } from './uplink/uplink.ts';

/** How often doors are looked at for passages whose quiet interval has passed: far below what a person or the hub notices. */
const TICK_MS = 50;
/** How often the key's file is looked at: who rotates it sees the node come back with the new one at once. */
const KEY_MS = 1_000;
/** How often an open count is looked after, and the hub asked for what stands in the zones. */
const COUNTING_MS = 1_000;
/** How often lights and displays are brought up to date at most. */
const SIGNS_MS = 250;

export interface RunningNode {
  /** Where the panel is. */
  readonly panel: string;
  /** Stops the readers, commits what waits, gives the hub up to 5 s for its answers, closes the files. */
  stop(): Promise<void>;
}

/** Undoes in reverse order what was started, also when a later part fails to start. */
class Started {
  readonly #stops: (() => void | Promise<void>)[] = [];

  add(stop: () => void | Promise<void>): void {
    this.#stops.push(stop);
  }

  async stop(): Promise<void> {
    for (let stop = this.#stops.pop(); stop !== undefined; stop = this.#stops.pop()) await stop();
  }
}

/**
 * Runs a node: readers, doors, outbox, uplink, panel and broker. It only puts the parts together. `file` is where the settings came from,
 * for the set-up screen to change them.
 * @throws Fault of the part that does not start; those that had started are stopped
 */
export async function runNode(settings: Settings, log: Log, file?: string): Promise<RunningNode> {
  const started = new Started();
  try {
    return await compose(settings, log, started, file);
  } catch (error) {
    await started.stop();
    throw error;
  }
}

/** What doors and zones use of each reader. */
function readerSettings(settings: Settings): ReaderSettings[] {
  const { readers, doors, zones } = settings;
  return readers.map((reader) => {
    const own = <T extends { readonly reader: string }>(all: readonly (T | undefined)[]): T[] =>
      all.filter((one) => one !== undefined).filter((one) => one.reader === reader.id);
    const antennas = [...doors.flatMap((door) => door.antennas), ...zones.flatMap((zone) => zoneAntennas(settings, zone))];
    const lights = own(doors.map((door) => door.light));
    return {
      ...reader,
      // Several zones may share an antenna.
      ports: [...new Set(own(antennas).map((antenna) => antenna.port))].sort((a, b) => a - b),
      inputs: own(doors.map((door) => door.eye)).map((eye) => eye.pin),
      outputs: lights.flatMap(({ green, amber, red }) => [green, amber, red].filter((pin) => pin !== undefined)),
    };
  });
}

/** A door leaves a journal at its first start: where there is one, the node ran before. */
function journalled(dir: string): boolean {
  return existsSync(dir) && readdirSync(dir).some((name) => name.endsWith('.journal'));
}

async function compose(settings: Settings, log: Log, started: Started, file: string | undefined): Promise<RunningNode> {
  const { tenant, site, node, dataDir } = settings;
  const address = { tenant, site, node };
  const keys = new NodeKeys(dataDir);
  const clock = new Clock();
  const read = (): ReturnType<Clock['read']> => clock.read();
  const journals = join(dataDir, 'journal');
  const ranBefore = journalled(journals);
  const outbox = new Outbox({ path: join(dataDir, 'outbox.db'), address, clock: read, limits: settings.outbox, ranBefore, log });
  started.add(() => outbox.close());
  const onCommand = async (command: Command): Promise<void> => {
    await outbox.obey(command);
    if (command.type === 'zone') counting.listed(command.zone);
  };
  const onState = ({ hubOffsetMs }: UplinkState): void => {
    clock.offset = hubOffsetMs;
    desk.changed();
  };
  const onUplink: Log = (event, fields) => {
    log(event, fields);
    if (event === 'uplink.online') keys.accepted();
    else if (event === 'uplink.offline' && fields?.['code'] === 'KEY') keys.refused();
  };
  const key = (): NodeKey => ({ ...keys.identity(), instance: keys.instance });
  const uplink = new Uplink({ address, url: settings.hub.url, key, outbox, status, onCommand, onState, log: onUplink });
  const intake = new Intake({ outbox, clock: read, log });
  const doors = new Doors({
    doors: settings.doors.map(({ id, antennas, passage }) => ({ door: id, antennas, tuning: passage })),
    dir: journals,
    onClosed: (passage) => intake.take(passage),
    makeRoom: () => outbox.makeRoom(),
    horizon: (reader, now) => network.find(({ id }) => id === reader)?.horizon(now) ?? now,
    acknowledged: settings.readers.filter(({ model }) => isNetworkModel(model)).map(({ id }) => id),
  });
  started.add(() => doors.close());

  const eyes = new DoorEyes(settings.doors);
  const states = new Map<string, string>();
  const events: ReaderEvents = {
    reads: (reader, reads) => {
      doors.push(reader, reads);
      counting.push(reader, reads);
      desk.changed();
    },
    health: (reader, { state, message }) => {
      const told = `${state} ${message?.code ?? ''}`;
      if (states.get(reader) !== told) log('reader.state', { reader, state, code: message?.code, text: message?.text });
      states.set(reader, told);
      if (state !== 'reading') lights.forget(reader);
      uplink.statusChanged();
      desk.changed();
    },
    input: (reader, pin, high, at) => {
      for (const { door, blocked } of eyes.input(reader, pin, high, at)) log('door.eye', { door, blocked });
      desk.changed();
    },
  };
  let broker: Broker | undefined;
  const send = (topic: string, text: string): boolean => broker?.command(topic, text) ?? false;
  const setUp = new SetUp({ settings, file, readersOf: readerSettings, events, parts: { send }, log });
  started.add(() => setUp.stop());
  const { readers } = setUp;
  const network = readers.flatMap((reader) => reader.network ?? []);
  const lights = new StackLights(settings.doors, readers, log);
  const health = (): ReturnType<(typeof readers)[number]['health']>[] => readers.map((reader) => reader.health());
  const counting = new Counting({
    settings,
    outbox,
    clock: read,
    readers: health,
    log,
    changed: () => desk.changed(),
    asked: () => uplink.statusChanged(),
  });
  started.add(() => counting.stop());
  const desk = new Desk({
    settings,
    outbox,
    live: (door) => doors.live(door),
    readers: health,
    link: () => uplink.state(),
    fingerprint,
    held: () => intake.held,
    eye: (door) => eyes.blocked(door, (id) => health().some((reader) => reader.id === id && reader.state === 'reading')),
    counting,
  });

  function fingerprint(): string {
    return keys.identity().fingerprint;
  }

  /** The key may be replaced while the node runs: it goes on with the new one. */
  function lookAtKey(): void {
    try {
      if (!keys.look()) return;
      log('key.changed', { key: keys.identity().id, fingerprint: fingerprint() });
      uplink.reconnect();
      desk.changed();
    } catch (error) {
      log('key.unreadable', faultFields(error));
    }
  }

  function status(): NodeStatus {
    const { epoch, seq } = outbox.head();
    const seen = health().map(({ id, state, readsPerSecond }) => ({ id, state, readsPerSecond: Math.round(readsPerSecond) }));
    const { space, notices } = outbox.health();
    const { items, bytes, limitItems, limitBytes, level } = space;
    const wants = counting.wants();
    return {
      ...{ v: 1, online: true, at: clock.now(), epoch, seq, queued: outbox.queued(), clock: clock.health(), readers: seen },
      ...{ outbox: { items, bytes, limitItems, limitBytes, level, notices: notices.length }, version: packageFile.version },
      ...(settings.zones.length === 0 ? {} : { zones: settings.zones.map(({ id, name }) => ({ id, name })) }),
      ...(wants === undefined ? {} : { wants }),
    };
  }

  for (const { kind, why, file, saved, lost, names } of outbox.health().notices) {
    log('outbox.notice', { kind, why, file, saved, lost, names: names.join('; ') });
  }
  if (settings.broker !== null) {
    const opened = new Broker({ ...settings.broker, inlets: network, settled: () => doors.settled() });
    broker = opened;
    started.add(() => opened.stop());
    await opened.start();
  }
  if (broker !== undefined || lights.any) {
    const timer = setInterval(() => {
      const signs = desk.signs();
      lights.show(signs);
      signs.forEach((sign, door) => void broker?.show(door, sign));
      broker?.showNode(desk.sign());
    }, SIGNS_MS);
    started.add(() => clearInterval(timer));
  }
  const panel = await startPanel({ ...settings.panel, model: desk, setUp });
  started.add(() => panel.stop());
  started.add(() => uplink.stop());
  started.add(() => outbox.flush());
  started.add(() => intake.stop());
  clock.start();
  started.add(() => clock.stop());
  doors.recover();
  for (const reader of network) reader.recall(doors.keys(reader.id));
  const ticking = setInterval(() => doors.tick(clock.now()), TICK_MS);
  started.add(() => clearInterval(ticking));
  const asking = setInterval(() => counting.tick(), COUNTING_MS);
  started.add(() => clearInterval(asking));
  const looking = setInterval(lookAtKey, KEY_MS);
  started.add(() => clearInterval(looking));
  uplink.start();
  started.add(async () => void (await Promise.all(readers.map((reader) => reader.stop()))));
  for (const reader of readers) reader.start();
  log('ready', { tenant, site, node, key: keys.identity().id, fingerprint: fingerprint(), panel: panel.url });
  return { panel: panel.url, stop: () => started.stop() };
}
