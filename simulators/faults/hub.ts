import type { Random } from '../random.ts';
import { Crash } from './crash.ts';
import { type HubClass, Lost, Place, type Watch } from './durable.ts';
import { ServerSocket, SocketPair, UpgradeResponse } from './socket.ts';
import { type Life, time } from './time.ts';
import type { Far, Wire } from './wire.ts';

/** Where the hub's two kinds of objects live. */
export type Kind = 'GATEWAY' | 'LEDGER';
export type HubClasses = Readonly<Record<Kind, HubClass>>;

export const TENANT = 'demo';
/** As cloud/gateway/upgrade.ts, whose types are those of the platform. */
const CLIENT_HEADER = 'X-Docket-Client';

/** What to do when the next batch reaches the ledger, or when its answer is about to leave. */
export interface PostPlan {
  readonly when: 'before' | 'after';
  readonly what: 'crash' | 'deploy' | 'evict';
}

export interface HubEvents {
  trace(line: string): void;
  /** A fault that was planned has happened. */
  happened(fault: string): void;
  /** An answer of the ledger to a post. */
  posted(result: { readonly ok: boolean; readonly code?: string; readonly duplicate?: boolean }): void;
  failed(text: string): void;
  /** Changes a statement: for broken variants. */
  statement?(kind: Kind, text: string): string;
  /** Answers a call in place of the object: for broken variants. */
  call?(kind: Kind, method: string, args: readonly unknown[]): { readonly value: unknown } | undefined;
}

/** What the hub's objects are given beside each other: a bucket that keeps what is put into it. */
class Bucket {
  readonly #objects = new Map<string, Uint8Array>();

  async put(key: string, value: Uint8Array | ArrayBuffer | string): Promise<object> {
    const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : new Uint8Array(value);
    this.#objects.set(key, bytes.slice());
    return { key };
  }

  async get(key: string): Promise<object | null> {
    const bytes = this.#objects.get(key);
    if (bytes === undefined) return null;
    const { buffer } = bytes.slice();
    return { key, size: bytes.length, body: bytes, arrayBuffer: async () => buffer };
  }

  async head(key: string): Promise<object | null> {
    return this.#objects.has(key) ? { key } : null;
  }

  async delete(key: string): Promise<void> {
    this.#objects.delete(key);
  }
}

/** The real gateway and ledger objects on a simulated platform: they sleep, crash, are replaced, and talk over a network. */
export class Hub implements Far {
  readonly #random: Random;
  readonly #classes: HubClasses;
  readonly #events: HubEvents;
  readonly #places = new Map<string, Place>();
  readonly #bucket = new Bucket();
  #statementPlan: { kind: Kind; left: number; how: 'crash' | 'error' } | undefined;
  #postPlan: PostPlan | undefined;
  #alarmPlan = false;
  /** The next call between objects takes this much longer, milliseconds. */
  slowCall = 0;
  /** The next batch leaves a gateway that crashes behind it, and reaches the ledger so many milliseconds later: after the node has sent it again. */
  latePost = 0;

  constructor(random: Random, classes: HubClasses, events: HubEvents) {
    this.#random = random;
    this.#classes = classes;
    this.#events = events;
    const globals = { WebSocketPair: SocketPair, Response: UpgradeResponse };
    Object.assign(globalThis, globals);
  }

  place(kind: Kind, name: string): Place {
    const key = `${kind} ${name}`;
    let place = this.#places.get(key);
    if (place === undefined) {
      place = new Place(kind, name, this.#classes[kind], (life) => this.#env(life), this.#watch);
      this.#places.set(key, place);
    }
    return place;
  }

  get ledger(): Place {
    return this.place('LEDGER', TENANT);
  }

  get gateways(): Place[] {
    return [...this.#places.values()].filter(({ kind }) => kind === 'GATEWAY');
  }

  readonly #watch: Watch = {
    statement: (place, text) => {
      const plan = this.#statementPlan;
      if (plan !== undefined && place.kind === plan.kind && --plan.left < 0) {
        this.#statementPlan = undefined;
        this.#events.trace(`${place.kind} ${plan.how} before ${text.slice(0, 40)}`);
        this.#events.happened(plan.how === 'error' ? 'hubError' : place.kind === 'LEDGER' ? 'ledgerCrash' : 'gatewayCrash');
        if (plan.how === 'error') throw new Error('the database is busy');
        place.die(text.slice(0, 40));
      }
      return this.#events.statement?.(place.kind as Kind, text) ?? text;
    },
    failed: (place, error) => {
      // What the simulation threw into it itself.
      const text = error instanceof Error ? error.message : String(error);
      if (error instanceof Crash || text === 'the database is busy') return;
      this.#events.failed(`${place.kind} ${place.name} failed: ${error instanceof Error ? (error.stack ?? text) : text}`);
    },
  };

  #env(life: Life): object {
    const of = (kind: Kind) => ({
      getByName: (name: string) => this.stub(kind, name, life),
      idFromName: (name: string) => name,
      get: (name: string) => this.stub(kind, name, life),
    });
    return { GATEWAY: of('GATEWAY'), LEDGER: of('LEDGER'), ARCHIVE: this.#bucket, LOG_HOST: 'docket.example' };
  }

  /** Calls on one stub arrive in order; once one failed for want of the object, all later ones fail. */
  stub(kind: Kind, name: string, caller: Life | undefined): Record<string, (...args: unknown[]) => Promise<unknown>> {
    let last = 0;
    let broken = false;
    const call = (method: string, args: readonly unknown[]): Promise<unknown> => {
      if (caller?.ended === true) return new Promise(() => undefined);
      const sent = structuredClone(args);
      return new Promise((resolve, reject) => {
        last = Math.max(last, time.now + this.#delay());
        if (this.slowCall > 0 && method === 'post') {
          last += this.slowCall;
          this.slowCall = 0;
          this.#events.happened('slowCall');
        }
        if (this.latePost > 0 && method === 'post' && caller !== undefined) {
          last += this.latePost;
          this.latePost = 0;
          this.#events.happened('latePost');
          time.at(time.now, () => this.place('GATEWAY', `${TENANT}/${String(args[0])}/${String(args[1])}`).crash());
        }
        time.at(last, () => {
          if (broken) return reject(new Lost(`${kind} was reset`));
          this.#deliver(kind, name, method, sent, (error, value) => {
            if (error instanceof Lost) broken = true;
            if (caller?.ended === true) return;
            time.at(time.now + this.#delay(), () => {
              if (caller?.ended === true) return;
              if (error === undefined) resolve(value);
              // Over RPC an error keeps its message, not its class.
              else reject(new Error(error.message));
            });
          });
        });
      });
    };
    return new Proxy(
      {},
      { get: (_target, property) => (property === 'then' ? undefined : (...args: unknown[]) => call(String(property), args)) },
    );
  }

  #delay(): number {
    return this.#random.chance(0.9) ? this.#random.float() * 2 : this.#random.float() * 60;
  }

  #deliver(
    kind: Kind,
    name: string,
    method: string,
    args: readonly unknown[],
    answer: (error: Error | undefined, value: unknown) => void,
  ): void {
    const place = this.place(kind, name);
    const posted = kind === 'LEDGER' && method === 'post';
    if (posted && this.#postPlan?.when === 'before') this.#carryOut(place, args);
    const instead = this.#events.call?.(kind, method, args);
    if (instead !== undefined) {
      answer(undefined, structuredClone(instead.value));
      return;
    }
    place.call(method, args, (error, value) => {
      if (posted && error === undefined) {
        this.#events.posted(value as { ok: boolean });
        if (this.#postPlan?.when === 'after') {
          this.#carryOut(place, args);
          return answer(new Lost('the ledger was reset'), undefined);
        }
      }
      if (kind === 'GATEWAY' && method === 'send' && error === undefined && this.#alarmPlan) {
        this.#alarmPlan = false;
        this.#events.happened('commandCrash');
        this.ledger.crash();
      }
      answer(error, error === undefined ? structuredClone(value) : undefined);
    });
  }

  #carryOut(ledger: Place, args: readonly unknown[]): void {
    const plan = this.#postPlan;
    this.#postPlan = undefined;
    if (plan === undefined) return;
    this.#events.trace(`${plan.what} ${plan.when} post`);
    const fault = plan.what === 'deploy' ? 'deploy' : plan.what === 'evict' ? 'gatewayCrash' : 'ledgerCrash';
    this.#events.happened(plan.when === 'after' && plan.what !== 'deploy' ? 'crashBeforePuback' : fault);
    if (plan.what === 'deploy') this.deploy();
    else if (plan.what === 'crash') ledger.crash();
    else this.place('GATEWAY', `${TENANT}/${String(args[0])}/${String(args[1])}`).crash();
  }

  /** The next object of `kind` crashes, or hears an error of its database, before its n-th statement from now. */
  planStatement(kind: Kind, after: number, how: 'crash' | 'error'): void {
    this.#statementPlan = { kind, left: after, how };
  }

  planPost(plan: PostPlan): void {
    this.#postPlan = plan;
  }

  /** The ledger crashes when the next command has reached a gateway, before it has noted that. */
  planCommand(): void {
    this.#alarmPlan = true;
  }

  /** No fault is due any more. */
  calm(): void {
    this.#statementPlan = undefined;
    this.#postPlan = undefined;
    this.#alarmPlan = false;
    this.slowCall = 0;
    this.latePost = 0;
  }

  /** New code: every object ends with its sockets. Returns whether any was awake. */
  deploy(): void {
    for (const place of this.#places.values()) place.crash();
  }

  open(wire: Wire, opened: (socket: ServerSocket | undefined) => void): void {
    const place = this.place('GATEWAY', `${TENANT}/${wire.node}`);
    const request = { headers: new Headers({ [CLIENT_HEADER]: place.name }) };
    place.call('fetch', [request], (error, value) => {
      const socket = (value as UpgradeResponse | undefined)?.webSocket?.peer;
      if (error !== undefined || socket === undefined) return opened(undefined);
      socket.bind(place, wire);
      opened(socket);
    });
  }

  #placeOf(socket: ServerSocket): Place | undefined {
    return this.gateways.find((place) => place.sockets.has(socket));
  }

  message(socket: ServerSocket, bytes: Uint8Array): void {
    if (socket.readyState !== ServerSocket.OPEN) return;
    this.#placeOf(socket)?.event('webSocketMessage', socket, bytes.slice().buffer);
  }

  closed(socket: ServerSocket): void {
    const place = this.#placeOf(socket);
    if (place === undefined) return;
    if (socket.readyState === ServerSocket.OPEN) socket.readyState = 2;
    place.call('webSocketClose', [socket, 1006, '', false], () => {
      socket.readyState = 3;
      place.sockets.delete(socket);
    });
  }

  close(): void {
    for (const place of this.#places.values()) place.close();
  }
}
