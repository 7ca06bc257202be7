import type { Readable } from 'node:stream';
import type { Aedes } from 'aedes';

/** Clients with a kept session: as many as may be connected. The one that was kept first gives way. */
const MAX_SESSIONS = 100;
/** Messages that wait for one client: an hour of a busy door. More than that says less than the state itself. */
const MAX_QUEUED = 200;

interface Waiting {
  /** Set once it was sent. */
  readonly messageId?: number;
  dup?: boolean;
}

/** The connected ones by name. */
type Clients = Readonly<Record<string, { close(): void } | undefined>>;

/** What aedes' memory store offers, as far as it is used here. */
interface Persistence {
  outgoingEnqueueCombi(subscriptions: readonly { readonly clientId: string }[], packet: unknown): Promise<void>;
  outgoingStream(client: { readonly id: string }): Readable;
  outgoingClearMessageId(client: { readonly id: string }, packet: Waiting): Promise<unknown>;
  cleanSubscriptions(client: { readonly id: string }): Promise<void>;
}

/**
 * Mends and bounds what aedes keeps for clients with a session (clean = false): it would queue for a display that never comes back until the
 * memory is full. A session over the limit ends; its client is told by "session present 0" (MQTT 3.1.1 section 3.2.2.2), subscribes
 * again and gets the retained states.
 */
export class KeptSessions {
  readonly #clients: Clients;
  readonly #store: Persistence;
  readonly #stream: Persistence['outgoingStream'];
  readonly #names = new Set<string>();

  constructor(aedes: Aedes) {
    const inner = aedes as unknown as { readonly persistence: Persistence; readonly clients: Clients };
    this.#clients = inner.clients;
    this.#store = inner.persistence;
    const stream = this.#store.outgoingStream.bind(this.#store);
    this.#stream = stream;
    // aedes sends again what was sent before and leaves it unmarked (MQTT-3.3.1-1).
    this.#store.outgoingStream = (client) =>
      stream(client).map((packet: Waiting) => {
        if (packet.messageId !== undefined) packet.dup = true;
        return packet;
      });
    const enqueue = this.#store.outgoingEnqueueCombi.bind(this.#store);
    // One after the other: many changes at once would all find room.
    let turn: Promise<void> = Promise.resolve();
    this.#store.outgoingEnqueueCombi = (subscriptions, packet) => {
      const done = turn.then(async () => enqueue(await this.#withRoom(subscriptions), packet));
      turn = done.catch(() => undefined);
      return done;
    };
  }

  /** A client asks for a kept session. */
  keep(clientId: string): void {
    this.#names.delete(clientId);
    this.#names.add(clientId);
    if (this.#names.size <= MAX_SESSIONS) return;
    const [oldest] = [...this.#names].filter((name) => name !== clientId && this.#clients[name] === undefined);
    if (oldest !== undefined) void this.#end(oldest);
  }

  async #withRoom<T extends { readonly clientId: string }>(subscriptions: readonly T[]): Promise<T[]> {
    const open: T[] = [];
    for (const subscription of subscriptions) {
      if ((await this.#queued(subscription.clientId)).length < MAX_QUEUED) open.push(subscription);
      else await this.#end(subscription.clientId);
    }
    return open;
  }

  async #queued(id: string): Promise<Waiting[]> {
    const waiting: Waiting[] = [];
    for await (const packet of this.#stream({ id })) waiting.push(packet as Waiting);
    return waiting;
  }

  async #end(id: string): Promise<void> {
    this.#names.delete(id);
    // One that reads and never acknowledges fills its queue while it is connected.
    this.#clients[id]?.close();
    await this.#store.cleanSubscriptions({ id });
    for (const packet of await this.#queued(id)) await this.#store.outgoingClearMessageId({ id }, packet);
  }
}
