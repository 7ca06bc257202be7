import mqtt, { type MqttClient } from 'mqtt';
import type { Sighting } from '../device.ts';
import { impinjEvent, impinjTag, withoutType } from './impinj.ts';
import { zebraHeartbeat, zebraInput, zebraTag } from './zebra.ts';

export interface NetworkOptions {
  readonly model: 'r700' | 'zebra';
  /** The broker on this machine. */
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Messages on their way without an acknowledgement; 20. */
  readonly window?: number;
  /** Messages kept while nobody takes them; 20,000. The oldest are thrown away then, and that is told. */
  readonly buffer?: number;
  /** Pause between attempts to connect; 200 ms. */
  readonly retryMs?: number;
  /** Epoch milliseconds. */
  readonly now?: () => number;
  /** For faults, [0, 1). */
  readonly random?: () => number;
}

/** What goes wrong from now on. Rates are probabilities a message, 0 when absent. */
export interface NetworkFaults {
  /** It is sent twice, the second time marked as a duplicate. */
  readonly duplicate?: number;
  /** It holds what waits, object behind object without a separator. */
  readonly concatenate?: number;
  /** The connection breaks behind it. */
  readonly cut?: number;
  /** Nothing is sent, as with a dead cable: reads pile up. */
  readonly silent?: boolean;
}

interface Message {
  readonly text: string;
  sent: boolean;
}

/** Objects put into one message when they are concatenated. */
const CONCATENATED = 5;

/**
 * A reader that publishes what it reads to a broker, with QoS 1, and keeps what is not acknowledged: an Impinj R700 or a Zebra with IoT
 * Connector. It goes on when its host dies and sends again what was not acknowledged, marked as a duplicate.
 */
export class NetworkEmulator {
  faults: NetworkFaults = {};
  /** Added to the time that the reader writes: a wrong clock. */
  clockOffsetMs = 0;
  /** Messages that were acknowledged. */
  acknowledged = 0;
  /** Messages thrown away because the buffer was full. */
  dropped = 0;
  connections = 0;
  /** Called at each acknowledgement. */
  onAck: (() => void) | undefined;
  /** Commands that the host has published. */
  readonly commands: string[] = [];
  readonly #options: NetworkOptions;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #antennas = new Map<number, boolean>([1, 2, 3, 4].map((port) => [port, true]));
  readonly #inputs = new Map<number, boolean>();
  #waiting: Message[] = [];
  #flying: Message[] = [];
  #client: MqttClient | undefined;
  #retry: NodeJS.Timeout | undefined;
  #eventNum = 1_000;
  #managementNum = 1;
  #overflowed = false;
  #closed = false;

  constructor(options: NetworkOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#random = options.random ?? Math.random;
    this.#connect();
  }

  /** Messages that are not acknowledged. */
  get kept(): number {
    return this.#waiting.length + this.#flying.length;
  }

  /** What the antennas see; `at` of a sighting is true time. */
  push(sightings: readonly Sighting[]): void {
    for (const sighting of sightings) {
      const at = (sighting.at ?? this.#now()) + this.clockOffsetMs;
      this.#queue(this.#options.model === 'zebra' ? zebraTag(sighting, this.#eventNum++, at) : this.#impinj(impinjTag(sighting, at)));
    }
    this.#send();
  }

  heartbeat(): void {
    const counters = { retained: this.kept, dropped: this.dropped, antennas: this.#antennas, inputs: this.#inputs };
    if (this.#options.model === 'zebra') this.#say(zebraHeartbeat(counters, this.#managementNum++, this.#at()));
  }

  antenna(port: number, connected: boolean): void {
    this.#antennas.set(port, connected);
    if (this.#options.model === 'zebra') this.heartbeat();
    else this.#say(this.#impinj(impinjEvent(connected ? 'antennaConnected' : 'antennaDisconnected', { antennaPort: port }, this.#at())));
  }

  input(pin: number, high: boolean): void {
    this.#inputs.set(pin, high);
    const transition = high ? 'low-to-high' : 'high-to-low';
    if (this.#options.model === 'zebra') this.#say(zebraInput(pin, high, this.#managementNum++, this.#at()));
    else this.#say(impinjEvent('gpiTransition', { gpi: pin, transition }, this.#at()));
  }

  /** Power fails: what waits is lost, and a Zebra counts from 1 again. */
  reboot(): void {
    this.#waiting = [];
    this.#flying = [];
    this.#eventNum = 1;
    this.#managementNum = 1;
    this.dropped = 0;
    this.cut();
  }

  /** The connection breaks without a goodbye: the broker publishes the will. */
  cut(): void {
    this.#client?.stream.destroy();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#client?.endAsync(true);
  }

  #at(): number {
    return this.#now() + this.clockOffsetMs;
  }

  /** Now and then an event has no type, as with older firmware. */
  #impinj(event: object): object {
    return this.#random() < 0.1 ? withoutType(event) : event;
  }

  #say(message: object): void {
    this.#queue(message);
    this.#send();
  }

  #queue(message: object): void {
    if (this.#waiting.length >= (this.#options.buffer ?? 20_000)) {
      this.#waiting.shift();
      this.dropped++;
      this.#overflowed = true;
    }
    this.#waiting.push({ text: JSON.stringify(message), sent: false });
  }

  #connect(): void {
    if (this.#closed) return;
    const { port, user, password, retryMs = 200 } = this.#options;
    const will = {
      topic: `docket/readers/${user}/will`,
      payload: Buffer.from('{"smartreader-mqtt-status":"disconnected"}'),
      qos: 1 as const,
      retain: true,
    };
    const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, {
      ...{ username: user, password, clientId: 'reader', clean: true, keepalive: 30, reconnectPeriod: 0, will },
    });
    this.#client = client;
    client.on('error', () => undefined);
    client.on('message', (_topic, payload) => this.#command(String(payload)));
    client.once('connect', () => {
      this.connections++;
      client.subscribe(`docket/readers/${user}/commands`);
      this.#send();
    });
    client.once('close', () => {
      if (this.#client !== client) return;
      this.#client = undefined;
      // Behind what it had sent, in the old order.
      this.#waiting.unshift(...this.#flying);
      this.#flying = [];
      this.#retry = setTimeout(() => this.#connect(), retryMs);
    });
  }

  #send(): void {
    const client = this.#client;
    if (client?.connected !== true || this.faults.silent === true) return;
    if (this.#overflowed && this.#options.model === 'r700')
      this.#waiting.unshift({ text: JSON.stringify(impinjEvent('overflow', {}, this.#at())), sent: false });
    this.#overflowed = false;
    while (this.#waiting.length > 0 && this.#flying.length < (this.#options.window ?? 20) && client.connected) {
      const next = this.#waiting.shift() as Message;
      if (!next.sent && this.#hits(this.faults.concatenate)) this.#fly(client, this.#joined(next));
      else this.#fly(client, next);
    }
  }

  /** One message of several that were not sent yet. */
  #joined(first: Message): Message {
    const more = this.#waiting.findIndex(({ sent }) => sent);
    const others = this.#waiting.splice(0, Math.min(CONCATENATED, more < 0 ? CONCATENATED : more));
    return { text: [first, ...others].map(({ text }) => text).join(''), sent: false };
  }

  #fly(client: MqttClient, message: Message): void {
    this.#flying.push(message);
    const topic = `docket/readers/${this.#options.user}/data`;
    const dup = message.sent;
    message.sent = true;
    client.publish(topic, message.text, { qos: 1, dup }, (error) => {
      const at = this.#flying.indexOf(message);
      if ((error !== undefined && error !== null) || at < 0 || this.#client !== client) return;
      this.#flying.splice(at, 1);
      this.acknowledged++;
      this.onAck?.();
      this.#send();
    });
    if (this.#hits(this.faults.duplicate)) client.publish(topic, message.text, { qos: 1, dup: true }, () => undefined);
    if (this.#hits(this.faults.cut)) this.cut();
  }

  #hits(rate = 0): boolean {
    return rate > 0 && this.#random() < rate;
  }

  #command(text: string): void {
    this.commands.push(text);
    const { command, command_id } = JSON.parse(text) as Record<string, unknown>;
    this.#client?.publish(
      `docket/readers/${this.#options.user}/response`,
      JSON.stringify({ command, command_id, response: 'success', payload: {} }),
    );
  }
}
