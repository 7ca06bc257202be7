import { generateKeyPairSync, randomBytes, randomInt, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keyId, sealBatch } from '../../protocol/batch.ts';
import { toBase64url } from '../../protocol/bytes.ts';
import { chainStart } from '../../protocol/chain.ts';
import { encodeBody, type PassageBody } from '../../protocol/record.ts';
import { makeToken } from '../../protocol/token.ts';
import { clientId, type NodeAddress, topic } from '../../protocol/topics.ts';
import { HubClient } from '../erp/hub.ts';
import { HubProcess } from '../stack/hub.ts';
import { Leash } from '../stack/leash.ts';
import { freePort } from '../stack/ports.ts';

const TENANT = 'interop';
const COMPANY = { name: 'Interop SAS', vat: 'FR40303265045', siren: '303265045' };
const GTIN = '09521234000013';

/** A node that the hub knows, and what a stranger's client needs to speak for it. */
export interface TestNode {
  readonly address: NodeAddress;
  readonly id: string;
  readonly records: string;
  readonly status: string;
  readonly commands: string;
  /** A fresh password. */
  token(): Promise<string>;
  /** A batch with one passage: the first record of the node's chain. */
  batch(passage: string): Promise<Uint8Array>;
}

export interface TestHub {
  readonly client: HubClient;
  readonly port: number;
  /** Registers a node under a name of its own, at a site of its own: it gets no other one's commands. */
  node(name: string): Promise<TestNode>;
  /** Announces goods at a node's site: the node is sent a command. */
  announce(node: TestNode, number: string): Promise<void>;
  /** Where the hub stands with a node: records in its log, and its status. */
  known(
    node: TestNode,
  ): Promise<{ readonly head: { readonly seq: number }; readonly online: boolean; readonly status: { readonly seq?: number } | null }>;
  close(): Promise<void>;
}

/** A hub in workerd on an empty folder, with one tenant and one site. */
export async function openHub(): Promise<TestHub> {
  const dir = mkdtempSync(join(tmpdir(), 'docket-interop-'));
  const leash = new Leash();
  const port = await freePort();
  const bootstrapToken = randomBytes(32).toString('base64url');
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const hub = new HubProcess({ root, dataDir: join(dir, 'hub'), port, bootstrapToken, leash });
  await hub.migrate();
  await hub.start();
  const tenant = { tenant: TENANT, name: COMPANY.name, company: COMPANY };
  const { body } = await new HubClient(hub.address, bootstrapToken).call<{ key: string }>('POST', '/v1/tenants', tenant);
  const client = new HubClient(hub.address, body.key);
  return {
    client,
    port,
    node: (name) => registered(client, { tenant: TENANT, site: name.toUpperCase(), node: name }),
    announce: async ({ address: { site } }, number) => {
      const seller = { id: 'FR83404833048', name: 'Fournisseur SARL' };
      const lines = [{ id: '1', gtin: GTIN, quantity: 2 }];
      const day = new Date().toISOString().slice(0, 10);
      const paper = { kind: 'despatchAdvice', number, issueDate: day, seller, buyer: { id: COMPANY.vat, name: COMPANY.name }, site };
      await client.call('POST', '/v1/documents', { ...paper, orderRef: `C-${number}`, ssccs: [], lines });
    },
    known: async ({ address }) => {
      type Row = Awaited<ReturnType<TestHub['known']>> & { site: string; node: string };
      const { body: list } = await client.call<{ data: Row[] }>('GET', '/v1/nodes');
      const row = list.data.find(({ node }) => node === address.node);
      return row ?? { head: { seq: -1 }, online: false, status: null };
    },
    close: async () => {
      await hub.stop();
      leash.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function registered(client: HubClient, address: NodeAddress): Promise<TestNode> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }).subarray(-32));
  const seal = (message: Uint8Array): Uint8Array => sign(null, message, privateKey);
  await client.call('PUT', `/v1/sites/${address.site}`, { name: address.site, timeZone: 'Europe/Paris' });
  await client.call('POST', '/v1/nodes', { site: address.site, node: address.node, publicKey: toBase64url(raw) });
  const key = keyId(raw);
  return {
    address,
    id: clientId(address),
    records: topic(address, 'records'),
    status: topic(address, 'status'),
    commands: topic(address, 'commands'),
    token: () => makeToken(clientId(address), key, Date.now(), seal),
    batch: (passage) => {
      const header = { ...address, epoch: 1, first: 1, before: chainStart(address, 1), key, sentAt: Date.now() };
      return sealBatch(header, [{ salt: new Uint8Array(randomBytes(16)), body: encodeBody(passageBody(passage)) }], seal);
    },
  };
}

function passageBody(passage: string): PassageBody {
  const now = Date.now();
  return {
    ...{
      type: 'passage',
      v: 1,
      passage,
      door: 'D1',
      part: 1,
      parts: 1,
      direction: 'in',
      opened: now - 2_000,
      closed: now,
      confidence: 990,
    },
    items: [{ gtin: GTIN, serials: [randomInt(1, 2 ** 37), 1, 1] }],
    clock: { wall: now, mono: 5_000, boot: '00c0ffee', synced: true },
  };
}
