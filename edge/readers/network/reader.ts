import { Fault } from '../../../protocol/fault.ts';
import type { Read } from '../../../protocol/read.ts';
import type { Reader, ReaderEvents, ReaderHealth, ReaderSettings } from '../reader.ts';
import type { AntennaState } from '../session.ts';
import { Tally } from '../tally.ts';
import { ReaderClock } from './clock.ts';
import { ZebraCommands } from './commands.ts';
import type { EventsOf, Heartbeat, NetworkEvent, Sighting } from './event.ts';
import { commandsOf, type Inlet, type InletMessage, topicsOf, userOf } from './inlet.ts';
import { Loss } from './loss.ts';
import { eventsOf } from './payload.ts';
import { identityOf, keyOf, Seen } from './seen.ts';

const HEALTH_MS = 1_000;
/** A warning stays on the panel for this long after the reader last gave cause for it. */
const WARNING_MS = 10_000;
/** A reader that is on connects within seconds; a person who sees the door blind for longer looks for the reason. */
const AWAITED_MS = 15_000;
/** Three heartbeats that do not come are a silence; each gap is taken as at least a second and at most five minutes. */
const MISSED_BEATS = 3;
const BEAT_MS = { min: 1_000, max: 300_000 } as const;
/** A clock that is wrong by more than this is told: its time stands nowhere, but somebody will look at the reader's own log. */
const CLOCK_WRONG_MS = 60_000;
/** How long an open passage waits for a reader that lost its connection: it comes back within seconds and sends what it kept. */
const RETURN_MS = 10_000;

export interface NetworkParts {
  /** Epoch milliseconds. */
  readonly now?: () => number;
  /** Publishes a command on the local broker; false when it does not run. */
  readonly send?: (topic: string, text: string) => boolean;
}

/** How a model of reader speaks. */
export interface NetworkModel {
  readonly events: EventsOf;
  /** Whether it takes Zebra's commands. */
  readonly commands: boolean;
}

/**
 * A reader that reads by itself and publishes JSON to the node's local broker. What it says becomes reads with the node's time, each
 * once, however often it sends it; its own counters become the loss in its health.
 */
export class NetworkReader implements Reader, Inlet {
  readonly id: string;
  readonly user: string;
  readonly password: string;
  readonly topics: readonly string[];
  readonly #model: NetworkModel;
  readonly #events: ReaderEvents;
  readonly #now: () => number;
  readonly #commands: ZebraCommands;
  readonly #tally: Tally;
  readonly #loss = new Loss();
  readonly #seen = new Seen();
  readonly #clock = new ReaderClock();
  #timer: NodeJS.Timeout | undefined;
  #connections = 0;
  /** Monotonic: when its last connection ended, or when it was started. */
  #goneAt = 0;
  /** Since then it has not read: it may still send what it kept. */
  #awaited = false;
  #garbage = 0;
  #ghosts = 0;
  #unknown = 0;
  #overflows = 0;
  #retained = 0;
  /** Monotonic instant of the last heartbeat, and the longest pause between the latest. */
  #beatAt: number | undefined;
  #beatGap: number | undefined;
  /** Why its connection is about to be closed. */
  #unsaved: Fault | undefined;
  #warning: { readonly code: string; readonly text: string; readonly at: number } | undefined;

  /** @throws Fault READER_LINK */
  constructor(settings: ReaderSettings, model: NetworkModel, events: ReaderEvents, parts: NetworkParts = {}) {
    const user = userOf(settings.link);
    if (user === undefined || settings.password === undefined) {
      throw new Fault(
        'READER_LINK',
        `${settings.id}: "${settings.link}" needs the form mqtt://name and a password: the reader logs in with both`,
      );
    }
    this.id = settings.id;
    this.user = user;
    this.password = settings.password;
    this.topics = [topicsOf(user), ...(settings.topics ?? [])];
    this.#model = model;
    this.#events = events;
    this.#now = parts.now ?? Date.now;
    this.#commands = new ZebraCommands((text) => parts.send?.(commandsOf(user), text) ?? false);
    this.#tally = new Tally(settings.id, settings.model, settings.link, this.#now());
    this.#tally.antennas((settings.ports ?? []).map((port) => ({ port, connected: null })));
  }

  start(): void {
    if (this.#timer !== undefined) return;
    this.#goneAt = performance.now();
    this.#awaited = true;
    this.#enter('connecting');
    this.#timer = setInterval(() => this.#tick(), HEALTH_MS);
  }

  stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#awaited = false;
    this.#commands.stop();
    this.#enter('stopped');
    return Promise.resolve();
  }

  health(): ReaderHealth {
    return this.#tally.health();
  }

  async output(pin: number, high: boolean): Promise<void> {
    if (!this.#model.commands) {
      throw new Fault('READER_OUTPUT', `${this.id}: output ${pin} is not set: this reader takes no commands over MQTT`);
    }
    if (this.#connections === 0) throw new Fault('READER_OUTPUT', `${this.id}: output ${pin} is not set: the reader is not connected`);
    await this.#commands.output(this.id, pin, high);
  }

  /** Sightings that were handed on before the node was last stopped: the reader may send them again. */
  recall(keys: readonly number[]): void {
    for (const key of keys) this.#seen.add(key);
  }

  /**
   * Up to when its reads are here, at `now`: while it sends what it kept, that is earlier. -Infinity while it is waited for after a
   * lost connection: nothing can be said then.
   */
  horizon(now: number): number {
    if (this.#awaited && performance.now() - this.#goneAt < RETURN_MS) return Number.NEGATIVE_INFINITY;
    return now - this.#clock.lag;
  }

  connected(address: string): void {
    this.#connections++;
    this.#tally.link = `${this.#tally.link.split(' ')[0]} ${address}`;
    if (this.#timer !== undefined && this.#tally.state !== 'reading') this.#enter('starting');
  }

  gone(): void {
    this.#connections = Math.max(0, this.#connections - 1);
    if (this.#connections > 0 || this.#timer === undefined) return;
    this.#goneAt = performance.now();
    this.#awaited = true;
    this.#beatAt = undefined;
    const left = new Fault('READER_OFFLINE', `${this.id}: the reader has left the node's broker: check its power and network`);
    this.#enter('failed', this.#unsaved ?? left);
    this.#unsaved = undefined;
  }

  unsaved(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    this.#unsaved = new Fault('READER_UNSAVED', `${this.id}: the reader keeps its reads and sends them again: ${why}`);
  }

  strayed(topic: string): void {
    this.#warn('READER_TOPIC', `publishes to ${topic.slice(0, 100)}: its topics must begin with ${topicsOf(this.user).slice(0, -1)}`);
  }

  take({ payload, dup }: InletMessage): void {
    if (this.#timer === undefined) throw new Fault('READER_STOPPED', `${this.id}: the node is starting or stopping: send it again`);
    const now = this.#now();
    const { events, garbage } = eventsOf(payload, this.#model.events);
    if (garbage > 0) {
      this.#garbage += garbage;
      this.#warn('READER_PAYLOAD', 'sends text that is no JSON');
    }
    const sightings: Sighting[] = [];
    for (const event of events) {
      if (event.kind === 'read') sightings.push(event);
      else this.#told(event, now);
    }
    const reads = sightings.length > 0 ? this.#reads(sightings, payload, dup, now) : [];
    if (reads.length > 0) {
      this.#tally.count(reads);
      this.#events.reads(this.id, reads);
    }
    this.#collect();
  }

  /** The sightings that are new, in the order of their time, as the node's reads. */
  #reads(sightings: readonly Sighting[], payload: Uint8Array, dup: boolean, now: number): Read[] {
    if (this.#tally.state !== 'reading') this.#enter('reading');
    this.#awaited = false;
    // A sighting without number and time has no name but its place in its message, which says something only when the reader says "again".
    let message: number | undefined;
    const named = sightings.map((sighting, place) => {
      const identity = identityOf(sighting);
      if (identity !== undefined) return { sighting, key: keyOf(identity), again: true };
      message ??= keyOf(Buffer.from(payload).toString('latin1'));
      return { sighting, key: keyOf(`${message}/${place}`), again: dup };
    });
    const fresh = named.filter(({ key, again }) => {
      if (again && this.#seen.has(key)) return false;
      this.#seen.add(key);
      return true;
    });
    fresh.sort((a, b) => (a.sighting.stamp ?? now) - (b.sighting.stamp ?? now));
    return fresh.map(({ sighting: { epc, antenna, rssi, stamp, number, phase, kHz }, key }) => {
      if (number !== null) this.#loss.numbered(number, stamp);
      const at = this.#clock.at(stamp, now);
      return { epc, antenna, rssi, at, key, ...(phase === undefined ? {} : { phase }), ...(kHz === undefined ? {} : { kHz }) };
    });
  }

  #told(event: Exclude<NetworkEvent, Sighting>, now: number): void {
    switch (event.kind) {
      case 'refused':
        this.#ghosts++;
        this.#warn(event.why === 'missing' ? 'READER_FIELDS' : 'READER_IMPLAUSIBLE', `sends ${event.text}`);
        break;
      case 'antenna':
        this.#antennas([event]);
        break;
      case 'input':
        this.#input(event.pin, event.high, now);
        break;
      case 'activity':
        this.#active(event.state, event.text);
        break;
      case 'overflow':
        this.#overflows++;
        this.#loss.overflow();
        this.#warn('READER_OVERFLOW', 'lost events: it reads faster than it can send');
        break;
      case 'heartbeat':
        this.#beat(event, now);
        break;
      case 'warning':
        this.#warn('READER_WARNING', event.text);
        break;
      case 'reply':
        this.#commands.answered(event.id, event.success, event.text);
        break;
      case 'unknown':
        this.#unknown++;
    }
  }

  /** A connector that no door uses may be empty. */
  #antennas(states: readonly AntennaState[]): void {
    const ports = this.#tally.ports();
    this.#tally.antennas(states.filter(({ port }) => ports.includes(port)));
  }

  #input(pin: number, high: boolean, now: number): void {
    if (this.#tally.input(pin, high)) this.#events.input?.(this.id, pin, high, now);
  }

  #active(state: 'reading' | 'idle' | 'ended', text: string): void {
    if (state === 'reading') {
      if (this.#tally.state !== 'reading') this.#enter('reading');
    } else if (state === 'idle') {
      this.#enter('starting', new Fault('READER_IDLE', `${this.id}: the reader does not read (${text}): start its inventory`));
    } else this.#enter('failed', new Fault('READER_ENDED', `${this.id}: the reader has ended its inventory (${text}): start it again`));
  }

  #beat({ antennas, inputs, temperatureC, dropped, retained, radioFault, active }: Heartbeat, now: number): void {
    const at = performance.now();
    if (this.#beatAt !== undefined) {
      const gap = Math.min(BEAT_MS.max, Math.max(BEAT_MS.min, at - this.#beatAt));
      // Follows a longer interval at once and a shorter one slowly.
      this.#beatGap = Math.max(gap, ((this.#beatGap ?? gap) + gap) / 2);
    }
    this.#beatAt = at;
    this.#antennas(antennas);
    for (const { pin, high } of inputs) this.#input(pin, high, now);
    if (temperatureC !== null) this.#tally.temperatureC = temperatureC;
    if (dropped !== null) this.#loss.dropped(dropped);
    if (retained !== null) this.#retained = retained;
    if (radioFault !== null) this.#enter('failed', new Fault('READER_RADIO', `${this.id}: ${radioFault}: restart the reader`));
    else if (active === false) this.#active('idle', 'radio inactive');
    else this.#active('reading', 'radio active');
  }

  #warn(code: string, text: string): void {
    this.#warning = { code, text: `${this.id}: ${text}`, at: performance.now() };
    if (this.#timer !== undefined && this.#tally.state === 'reading') this.#tally.say(code, this.#warning.text);
  }

  #tick(): void {
    const at = performance.now();
    const { state } = this.#tally;
    if (this.#connections === 0 && state === 'connecting' && at - this.#goneAt > AWAITED_MS) {
      const how = `user ${this.user} and its password of the settings, topics under ${topicsOf(this.user).slice(0, -1)}`;
      this.#enter('failed', new Fault('READER_OFFLINE', `${this.id}: the reader has not connected to the node's broker (${how})`));
    }
    if (this.#silent(at) && state !== 'failed') {
      const seconds = Math.round((at - (this.#beatAt ?? at)) / 1_000);
      this.#enter('failed', new Fault('READER_SILENT', `${this.id}: no heartbeat for ${seconds} s: check the reader and its network`));
    }
    this.#collect();
    this.#tally.measure(this.#now());
    if (this.#tally.state === 'reading') this.#say(at);
    this.#events.health(this.id, this.#tally.health());
  }

  #silent(at: number): boolean {
    return this.#beatAt !== undefined && this.#beatGap !== undefined && at - this.#beatAt > MISSED_BEATS * this.#beatGap;
  }

  /** The most urgent of what is wrong while it reads. */
  #say(at: number): void {
    const offset = this.#clock.offset;
    if (this.#warning !== undefined && at - this.#warning.at <= WARNING_MS) this.#tally.say(this.#warning.code, this.#warning.text);
    else if (this.#retained > 0) {
      this.#tally.say('READER_BACKLOG', `${this.id}: ${this.#retained} messages wait in the reader: the network or this node is too slow`);
    } else if (Math.abs(offset) > CLOCK_WRONG_MS) {
      const way = offset > 0 ? 'behind' : 'ahead';
      const seconds = Math.round(Math.abs(offset) / 1_000);
      this.#tally.say(
        'READER_CLOCK',
        `${this.id}: its clock is ${seconds} s ${way}: give it a time server; its reads get this node's time`,
      );
    } else this.#tally.say(undefined);
  }

  #collect(): void {
    this.#tally.collect(
      {
        crc: 0,
        resync: this.#garbage,
        ghosts: this.#ghosts,
        bufferFull: this.#overflows,
        lost: this.#loss.lost,
        unknown: this.#unknown,
      },
      false,
    );
  }

  #enter(state: Parameters<Tally['enter']>[0], fault?: unknown): void {
    this.#tally.enter(state, this.#now(), fault);
    this.#events.health(this.id, this.#tally.health());
  }
}
