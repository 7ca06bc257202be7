import { type Batch, openBatch, signedMessage, type Verify } from '../../protocol/batch.ts';
import { fromBase64url } from '../../protocol/bytes.ts';
import { Fault } from '../../protocol/fault.ts';
import { type ChainHead, isTerminal, type RefusalCode } from '../../protocol/refusal.ts';
import { checkToken, tokenKey } from '../../protocol/token.ts';
import { clientId, type NodeAddress } from '../../protocol/topics.ts';
import type { DeviceKey, LedgerRpc, NodeState } from '../ledger/rpc.ts';
import { Bucket } from '../limiter.ts';
import { inflateBatch } from './inflate.ts';
import { STRANGERS } from './limits.ts';

/** What the gateway asks of the tenant's ledger. */
export type NodeLedger = Pick<LedgerRpc, 'node' | 'login' | 'post' | 'quarantine' | 'report'>;

export type Outcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: RefusalCode; readonly text: string; readonly head?: ChainHead };

const valid = (key: DeviceKey, now: number): boolean => key.from <= now && (key.to === null || now < key.to);

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Judges what a node sends against its keys and hands it to the ledger, in order. */
export class Intake {
  readonly #address: NodeAddress;
  readonly #connect: () => NodeLedger;
  readonly #verify: Verify;
  #ledger: NodeLedger;
  #keys: readonly DeviceKey[] = [];
  /** Of logins with keys that are not known here. */
  readonly #strangers = new Bucket(STRANGERS, Date.now());

  /** `connect` opens a stub of the ledger: calls on one stub arrive in order; a broken one is replaced. */
  constructor(address: NodeAddress, connect: () => NodeLedger, verify: Verify) {
    this.#address = address;
    this.#connect = connect;
    this.#verify = verify;
    this.#ledger = connect();
  }

  /** The node's head and keys as the ledger has them now. @throws what the call throws when the ledger cannot be reached */
  async node(): Promise<NodeState> {
    const state = await this.#call((ledger) => ledger.node(this.#address.site, this.#address.node));
    this.#keys = state.keys;
    return state;
  }

  /**
   * Turns a stranger away without asking the ledger where that can be told here: by the claims, by a signature that is not of the key it
   * names, and else by how many were asked for lately. A known key's holder is never counted: whoever asked last brought its key.
   * @throws Fault TOKEN_INVALID, TOKEN_SIGNATURE, TOKEN_TIME, LOGIN_RATE
   */
  async #screen(token: string, named: string, now: number): Promise<void> {
    const sub = clientId(this.#address);
    const known = this.#keys.find(({ id }) => id === named);
    if (known !== undefined) {
      await checkToken(token, sub, fromBase64url(known.publicKey) ?? new Uint8Array(), now, this.#verify);
      return;
    }
    await checkToken(token, sub, new Uint8Array(), now, () => true);
    const wait = this.#strangers.take(now);
    if (wait > 0) throw new Fault('LOGIN_RATE', `too many logins with keys that are not registered for ${sub}: connect again in ${wait} s`);
  }

  /**
   * Checks the token of a CONNECT.
   * Returns, beside the node's state, the turn to tell the process that connects (ledger/instances.ts).
   * @throws Fault TOKEN_INVALID, TOKEN_SIGNATURE, TOKEN_TIME, KEY, LOGIN_RATE, QUARANTINED, SUPERSEDED (with `turn` in its details)
   */
  async checkToken(token: string, now: number): Promise<NodeState & { readonly turn?: number }> {
    const named = tokenKey(token);
    await this.#screen(token, named, now);
    const state = await this.node();
    const key = state.keys.find(({ id }) => id === named);
    if (key === undefined) throw new Fault('KEY', `key ${named} is not registered for ${clientId(this.#address)}: register its public key`);
    if (!valid(key, now)) throw new Fault('KEY', `key ${named} is not valid now: register a new one`);
    const sub = clientId(this.#address);
    const { instance, turn = 0 } = await checkToken(token, sub, fromBase64url(key.publicKey) ?? new Uint8Array(), now, this.#verify);
    if (state.quarantine !== null) throw new Fault('QUARANTINED', `${sub} is in quarantine: ${state.quarantine.text}`);
    // A client that does not say which process it is can be taken over by another; only its chain then tells them apart.
    if (instance === undefined) return state;
    const { site, node } = this.#address;
    const judged = await this.#call((ledger) => ledger.login(site, node, { instance, turn, token }, now));
    if (!judged.ok) throw new Fault(judged.code, judged.text, { turn: judged.turn });
    return { ...state, turn: judged.turn };
  }

  /**
   * Opens and verifies a batch and starts its post. Resolves once the post is on its way, so that the next batch may follow it
   * without waiting; `outcome` resolves when the ledger has committed or refused.
   */
  async post(payload: Uint8Array, now: number): Promise<{ readonly outcome: Promise<Outcome> }> {
    let batch: Batch;
    try {
      batch = openBatch(payload, inflateBatch);
      await this.#checkBatch(batch, now);
    } catch (error) {
      if (error instanceof Fault) return { outcome: this.#refuse(error.code as RefusalCode, error.message, payload, now) };
      return { outcome: Promise.resolve({ ok: false, code: 'BUSY', text: `the hub cannot check the batch: ${messageOf(error)}` }) };
    }
    const { site, node } = this.#address;
    const posted = this.#call((ledger) => ledger.post(site, node, batch, now));
    return {
      outcome: posted.then(
        (result) => (result.ok ? { ok: true } : this.#refuse(result.code, result.text, payload, now, result.head)),
        (error: unknown) => ({ ok: false, code: 'BUSY', text: `the ledger cannot commit now: ${messageOf(error)}` }),
      ),
    };
  }

  async report(status: Parameters<NodeLedger['report']>[2], at: number): Promise<void> {
    await this.#call((ledger) => ledger.report(this.#address.site, this.#address.node, status, at));
  }

  /** @throws Fault ADDRESS, KEY, SIGNATURE */
  async #checkBatch(batch: Batch, now: number): Promise<void> {
    const { header } = batch;
    if (clientId(header) !== clientId(this.#address))
      throw new Fault('ADDRESS', `the batch is of ${clientId(header)}, this session is of ${clientId(this.#address)}`);
    const find = (): DeviceKey | undefined => this.#keys.find((key) => key.id === header.key && valid(key, now));
    if (find() === undefined) await this.node();
    const key = find();
    if (key === undefined) throw new Fault('KEY', `key ${header.key} is not a valid key of ${clientId(this.#address)}: register it`);
    const good = await this.#verify(fromBase64url(key.publicKey) ?? new Uint8Array(), batch.signature, signedMessage(batch.headerBytes));
    if (!good) throw new Fault('SIGNATURE', `the signature does not verify with key ${header.key}`);
  }

  /** Bytes that are refused for good are kept, so that nothing a node signed is lost without a trace. */
  async #refuse(code: RefusalCode, text: string, payload: Uint8Array, now: number, head?: ChainHead): Promise<Outcome> {
    const { site, node } = this.#address;
    try {
      // A copy: the payload may be a view of a larger frame, all of which would be cloned.
      if (isTerminal(code)) await this.#call((ledger) => ledger.quarantine(site, node, code, payload.slice(), now));
      return { ok: false, code, text, head: head ?? (await this.node()).head };
    } catch {
      // The node keeps the batch; without the ledger the refusal stands without a head.
      return { ok: false, code, text, ...(head === undefined ? {} : { head }) };
    }
  }

  async #call<T>(work: (ledger: NodeLedger) => Promise<T>): Promise<T> {
    const ledger = this.#ledger;
    try {
      return await work(ledger);
    } catch (error) {
      // A stub that threw may be broken for ever; the sequence numbers make a reordering harmless.
      if (this.#ledger === ledger) this.#ledger = this.#connect();
      throw error;
    }
  }
}
