import { abortAllDurableObjects, evictDurableObject } from 'cloudflare:test';
import { topic } from '../../protocol/topics.ts';
import { connectOf, type Received, records, TestClient } from './client.fixture.ts';
import type { Place } from './place.fixture.ts';
import { bytesOf } from './session.fixture.ts';

/**
 * What happens to a gateway object at any moment: it is put to sleep and its sockets stay; it is moved or deployed anew, which closes
 * them; or its process dies with everything that is not durable.
 */
export const STRIKES = ['sleep', 'restart', 'crash'] as const;
export type StrikeKind = (typeof STRIKES)[number];

/** Counts the moments of a conversation and strikes at one of them. */
export class Strike {
  readonly #at: number;
  readonly #kind: StrikeKind;
  #moments = 0;

  /** `at` -1 never strikes: that counts the moments. */
  constructor(at: number, kind: StrikeKind) {
    this.#at = at;
    this.#kind = kind;
  }

  get moments(): number {
    return this.#moments;
  }

  async moment(gateway: DurableObjectStub): Promise<void> {
    if (this.#moments++ !== this.#at) return;
    try {
      if (this.#kind === 'crash') await abortAllDurableObjects();
      else await evictDurableObject(gateway, { webSockets: this.#kind === 'sleep' ? 'hibernate' : 'close' });
    } catch (error) {
      // An object that is not awake cannot be struck.
      if (!/not (currently )?running/i.test(String(error))) throw error;
    }
  }
}

/**
 * A node as the uplink is one: it sends again what was not acknowledged, from where the hub says that it stands, over as many connections
 * as it takes. Around each frame, in the middle of each frame and after each answer lies a moment for a strike.
 */
export class PersistentNode {
  readonly #place: Place;
  readonly #strike: Strike;
  readonly #version: 4 | 5;
  readonly #more: object;
  #client: TestClient | undefined;
  #aliased = false;
  #subscribed = false;
  #id = 0;
  /** Ids of the commands that it took, as often as they came. */
  readonly commands: string[] = [];
  connections = 0;

  constructor(place: Place, strike: Strike, version: 4 | 5 = 5, more: object = {}) {
    this.#place = place;
    this.#strike = strike;
    this.#version = version;
    this.#more = more;
  }

  /** Connects until the hub lets it in. Returns the record up to which the hub has its chain. */
  async up(): Promise<number> {
    const { node, head } = this.#place;
    for (let attempt = 0; attempt < 5; attempt++) {
      this.#client = undefined;
      this.#aliased = false;
      this.#subscribed = false;
      this.connections++;
      try {
        this.#client = await TestClient.open(this.#place.gateway, node.address, this.#version);
        await this.#moment();
        await this.#send(await connectOf(node, { protocolVersion: this.#version, ...this.#more }));
        const connack = await this.#next((packet) => packet.cmd === 'connack');
        if ((connack['reasonCode'] ?? connack['returnCode']) !== 0) throw new TypeError(`refused: ${JSON.stringify(connack)}`);
        return this.#version === 5 ? Number(connack.properties?.userProperties?.['seq']) : await head();
      } catch (error) {
        if (attempt === 4) throw error;
      }
    }
    return 0;
  }

  /** Does something over and over, with a new connection each time, until it comes to its end. */
  async #persist(work: () => Promise<void>): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (attempt === 4) throw error;
        await this.up();
      }
    }
  }

  /** Posts records, each in a batch of its own, all on the wire at once; resolves when the hub has them. */
  async post(first: number, last: number, alias = false): Promise<void> {
    const { node, head } = this.#place;
    await this.#persist(async () => {
      const from = Math.max(first, (await head()) + 1);
      const waiting = new Set<number>();
      for (let n = from; n <= last; n++) {
        const properties = alias ? { properties: { topicAlias: 1 } } : {};
        const name = alias && this.#aliased ? { topic: '' } : {};
        this.#aliased = alias;
        const id = this.#nextId();
        waiting.add(id);
        await this.#send(records(node, await node.batch(n, n), id, { ...properties, ...name }));
      }
      while (waiting.size > 0) {
        const puback = await this.#next((packet) => packet.cmd === 'puback' && waiting.has(packet.messageId ?? 0));
        if ((puback['reasonCode'] ?? 0) !== 0) throw new TypeError(`refused: ${JSON.stringify(puback)}`);
        waiting.delete(puback.messageId ?? 0);
      }
    });
  }

  /** Publishes a batch that the hub must refuse; returns the answer's user properties. */
  async refused(first: number, last: number): Promise<Record<string, string>> {
    let answer: Received | undefined;
    await this.#persist(async () => {
      const id = this.#nextId();
      await this.#send(records(this.#place.node, await this.#place.node.batch(first, last), id));
      answer = await this.#next((packet) => packet.cmd === 'puback' && packet.messageId === id);
    });
    return answer?.properties?.userProperties ?? {};
  }

  async status(payload: Uint8Array): Promise<void> {
    await this.#persist(async () => {
      const id = this.#nextId();
      await this.#send(records(this.#place.node, payload, id, { topic: topic(this.#place.node.address, 'status'), retain: true }));
      await this.#next((packet) => packet.cmd === 'puback' && packet.messageId === id);
    });
  }

  async subscribe(channel: 'commands' | 'replies'): Promise<void> {
    await this.#persist(async () => {
      const messageId = this.#nextId();
      await this.#send({ cmd: 'subscribe', messageId, subscriptions: [{ topic: topic(this.#place.node.address, channel), qos: 1 }] });
      await this.#next((packet) => packet.cmd === 'suback' && packet.messageId === messageId);
      this.#subscribed = true;
    });
  }

  /** Takes commands until it has all of these. */
  async take(ids: readonly string[]): Promise<void> {
    await this.#persist(async () => {
      if (!this.#subscribed) await this.subscribe('commands');
      while (!ids.every((id) => this.commands.includes(id))) await this.#next(() => true);
    });
  }

  /** Waits for the hub's answer to a ping: everything sent before it is handled. */
  async ping(): Promise<void> {
    await this.#persist(async () => {
      await this.#send({ cmd: 'pingreq' });
      await this.#next((packet) => packet.cmd === 'pingresp');
    });
  }

  /** Waits for a message of the hub on the replies topic. */
  async hello(): Promise<unknown> {
    let hello: unknown;
    await this.#persist(async () => {
      if (!this.#subscribed) await this.#send(this.#replies());
      hello = JSON.parse(String((await this.#next((packet) => packet.cmd === 'publish'))['payload']));
    });
    return hello;
  }

  #replies(): object {
    const subscriptions = [{ topic: topic(this.#place.node.address, 'replies'), qos: 0 }];
    return { cmd: 'subscribe', messageId: this.#nextId(), subscriptions };
  }

  /** The line breaks without a goodbye. */
  async cut(): Promise<void> {
    await this.#moment();
    this.#client?.close();
    await this.#client?.closed;
    await this.#moment();
  }

  /** Says goodbye. @returns whether the hub heard it */
  async goodbye(): Promise<boolean> {
    const client = this.#client;
    if (client === undefined) return false;
    try {
      await this.#send({ cmd: 'disconnect', reasonCode: 0 });
    } catch {
      return false;
    }
    const { code } = await client.closed;
    await this.#moment();
    return code === 1000;
  }

  /** Resolves with what ended the connection. */
  async ended(): Promise<number | undefined> {
    try {
      return (await this.#next((packet) => packet.cmd === 'disconnect'))['reasonCode'] as number;
    } catch {
      return undefined;
    }
  }

  #moment(): Promise<void> {
    return this.#strike.moment(this.#place.gateway);
  }

  #nextId(): number {
    this.#id = (this.#id % 60_000) + 1;
    return this.#id;
  }

  async #send(packet: object): Promise<void> {
    const bytes = bytesOf(packet, this.#version);
    const middle = bytes.length >> 1;
    await this.#moment();
    this.#client?.send(bytes.subarray(0, middle));
    await this.#moment();
    this.#client?.send(bytes.subarray(middle));
    await this.#moment();
  }

  /** The next packet that is wanted; commands before it are taken. @throws TypeError when the connection ends first */
  async #next(wanted: (packet: Received) => boolean): Promise<Received> {
    for (;;) {
      if (this.#client === undefined) throw new TypeError('not connected');
      const packet = await this.#client.next();
      await this.#moment();
      if (packet.cmd === 'publish' && packet.qos === 1) {
        this.commands.push((JSON.parse(String(packet.payload)) as { id: string }).id);
        await this.#send({ cmd: 'puback', messageId: packet.messageId, reasonCode: 0 });
      }
      if (packet.cmd === 'disconnect' && !wanted(packet)) throw new TypeError(`disconnected: ${JSON.stringify(packet)}`);
      if (wanted(packet)) return packet;
    }
  }
}
