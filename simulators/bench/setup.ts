import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Identity, loadIdentity } from '../../edge/identity.ts';
import { Outbox } from '../../edge/outbox/outbox.ts';
import { Uplink } from '../../edge/uplink/uplink.ts';
import type { NodeClock } from '../../protocol/record.ts';
import type { NodeAddress } from '../../protocol/topics.ts';
import { HubClient } from '../erp/hub.ts';
import { HubProcess } from '../stack/hub.ts';
import { Leash } from '../stack/leash.ts';
import { freePort } from '../stack/ports.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ADDRESS: NodeAddress = { tenant: 'bench', site: 'BENCH', node: 'n1' };
/** Who the bench's tenant is: seller of every invoice. */
export const COMPANY = { name: 'Banc SAS', vat: 'FR40303265045', siren: '303265045' };

export const clock = (): NodeClock => ({ wall: Date.now(), mono: Math.round(performance.now()), boot: '00000000', synced: true });

/** A hub in workerd with one tenant and one node, and what a node needs to talk to it. */
export interface BenchHub {
  readonly client: HubClient;
  readonly port: number;
  readonly outbox: Outbox;
  /** An uplink to the hub, or to a relay on another port; not started. */
  uplink(port?: number): Uplink;
  /** Rows that the ledger's database has written since the hub started. */
  rowsWritten(): Promise<number>;
  close(): Promise<void>;
}

/** Starts a hub on an empty folder of its own. */
export async function openHub(): Promise<BenchHub> {
  const dir = mkdtempSync(join(tmpdir(), 'docket-bench-'));
  const leash = new Leash();
  const port = await freePort();
  const bootstrapToken = randomBytes(32).toString('base64url');
  const hub = new HubProcess({ root: ROOT, dataDir: join(dir, 'hub'), port, bootstrapToken, leash });
  await hub.migrate();
  await hub.start();
  const bootstrap = new HubClient(hub.address, bootstrapToken);
  const { body } = await bootstrap.call<{ key: string }>('POST', '/v1/tenants', {
    tenant: ADDRESS.tenant,
    name: COMPANY.name,
    company: COMPANY,
  });
  const client = new HubClient(hub.address, body.key);
  await client.call('PUT', `/v1/sites/${ADDRESS.site}`, { name: 'Banc', timeZone: 'Europe/Paris' });
  const identity: Identity = loadIdentity(join(dir, 'edge'));
  await client.call('POST', '/v1/nodes', { site: ADDRESS.site, node: ADDRESS.node, publicKey: identity.publicKey });
  const outbox = new Outbox({ path: join(dir, 'edge', 'outbox.db'), address: ADDRESS, clock });
  return {
    client,
    port,
    outbox,
    uplink: (at = port) =>
      new Uplink({
        address: ADDRESS,
        url: `ws://127.0.0.1:${at}`,
        key: () => identity,
        outbox,
        status: () => ({ v: 1, online: true }),
        onCommand: () => undefined,
      }),
    rowsWritten: async () => (await client.call<{ rowsWritten: number }>('GET', '/v1/usage')).body.rowsWritten,
    close: async () => {
      await outbox.close();
      await hub.stop();
      leash.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A TCP relay on loopback that counts what passes, both ways: all that WebSocket and MQTT put on the wire. */
export class Relay {
  bytes = 0;
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async open(target: number): Promise<Relay> {
    const port = await freePort();
    const server = createServer();
    const relay = new Relay(server, port);
    server.on('connection', (near) => {
      const far = connect({ port: target, host: '127.0.0.1', noDelay: true });
      near.setNoDelay(true);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        relay.#sockets.add(from);
        from.on('data', (chunk) => {
          relay.bytes += chunk.length;
          to.write(chunk);
        });
        from.on('close', () => to.destroy());
        from.on('error', () => to.destroy());
      }
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return relay;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

/** Resolves when the condition holds. @throws RangeError when it does not within `limitMs` */
export async function until(condition: () => boolean, what: string, limitMs = 120_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!condition()) {
    if (Date.now() > end) throw new RangeError(`${what}: not within ${limitMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
