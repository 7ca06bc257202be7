import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HubClient } from '../erp/hub.ts';
import { EdgeProcess } from '../stack/edge.ts';
import { HubProcess } from '../stack/hub.ts';
import { Leash } from '../stack/leash.ts';
import { freePort } from '../stack/ports.ts';

const ROOT = join(import.meta.dirname, '../..');
/** A node that was refused asks again within a minute. */
const PATIENCE_MS = 120_000;

interface HubNode {
  readonly quarantine: { readonly reason: string } | null;
  readonly keys: readonly { readonly id: string; readonly fingerprint: string; readonly to: number | null }[];
}

interface Panel {
  readonly fingerprint: string;
  readonly link: { readonly state: string; readonly refusal: { readonly code: string } | null };
}

const leash = new Leash();
const started: EdgeProcess[] = [];
let folder = '';
let hub: HubProcess;
let client: HubClient;

async function edge(name: string): Promise<EdgeProcess> {
  const made = new EdgeProcess({
    root: ROOT,
    dataDir: join(folder, name),
    panelPort: await freePort(),
    leash,
    watch: false,
    settings: {
      ...{ tenant: 'demo', site: 'LYON', node: 'dock-1', timeZone: 'Europe/Paris', broker: null },
      hub: { url: hub.address.replace('http', 'ws') },
      // Port 9 (discard) of this machine: no reader answers, and none is needed.
      readers: [{ id: 'r1', model: 'thingmagic', link: 'tcp://127.0.0.1:9' }],
      doors: [
        {
          id: 'D1',
          name: 'Quai 1',
          antennas: [
            { reader: 'r1', port: 1, side: 'outside' },
            { reader: 'r1', port: 2, side: 'inside' },
          ],
        },
      ],
    },
  });
  started.push(made);
  return made;
}

const panelOf = async (of: EdgeProcess): Promise<Panel> => (await (await fetch(`${of.address}/api/state`)).json()) as Panel;
const linkOf = async (of: EdgeProcess): Promise<string> => {
  const { state, refusal } = (await panelOf(of)).link;
  return refusal === null ? state : `${state} ${refusal.code}`;
};
const becomes = (of: EdgeProcess, link: string): Promise<void> => expect.poll(() => linkOf(of), { timeout: PATIENCE_MS }).toBe(link);

async function node(): Promise<HubNode> {
  const { body } = await client.call<{ data: HubNode[] }>('GET', '/v1/nodes');
  const [one] = body.data;
  if (one === undefined) throw new Error('the hub knows no node');
  return one;
}

async function token(): Promise<string> {
  const { body } = await client.call<{ token: string }>('POST', '/v1/enrolments', { site: 'LYON', node: 'dock-1' });
  return body.token;
}

describe('the identity of a node', { timeout: 300_000 }, () => {
  let dock: EdgeProcess;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'docket-identity-'));
    const bootstrapToken = randomBytes(32).toString('base64url');
    hub = new HubProcess({ root: ROOT, dataDir: join(folder, 'hub'), port: await freePort(), bootstrapToken, leash });
    await hub.migrate();
    await hub.start();
    const company = { name: 'Demo SAS', siren: '303265045' };
    const made = await new HubClient(hub.address, bootstrapToken).call<{ key: string }>('POST', '/v1/tenants', {
      ...{ tenant: 'demo', name: 'Demo', company },
    });
    client = new HubClient(hub.address, made.body.key);
    await client.call('PUT', '/v1/sites/LYON', { name: 'Lyon', timeZone: 'Europe/Paris' });
    dock = await edge('dock');
  });

  afterAll(async () => {
    for (const one of started) await one.kill();
    await hub.stop();
    leash.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('begins with a token, and both sides show the same fingerprint', async () => {
    await dock.enrol(await token());
    await dock.start();
    await becomes(dock, 'online');
    expect((await panelOf(dock)).fingerprint).toBe((await node()).keys[0]?.fingerprint);
  });

  it('survives a restart, a kill and a restored disk', async () => {
    await dock.stop();
    cpSync(join(folder, 'dock'), join(folder, 'backup'), { recursive: true });
    await dock.start();
    await becomes(dock, 'online');
    await dock.kill();
    rmSync(join(folder, 'dock'), { recursive: true });
    cpSync(join(folder, 'backup'), join(folder, 'dock'), { recursive: true });
    await dock.start();
    await becomes(dock, 'online');
    expect((await node()).quarantine).toBeNull();
  });

  it('changes its key while it runs', async () => {
    await dock.rotate();
    await expect.poll(async () => (await panelOf(dock)).fingerprint, { timeout: PATIENCE_MS }).toBe((await node()).keys[1]?.fingerprint);
    await becomes(dock, 'online');
    const [old] = (await node()).keys;
    await client.call('DELETE', `/v1/nodes/LYON/dock-1/keys/${old?.id}`);
    await becomes(dock, 'online');
  });

  it('is taken away from two machines that run with copies of one disk, and given back to one', async () => {
    await dock.stop();
    const twin = await edge('twin');
    for (const name of ['node.key', 'outbox.db', 'journal'])
      cpSync(join(folder, 'dock', name), join(folder, 'twin', name), { recursive: true });
    await dock.start();
    await becomes(dock, 'online');
    await twin.start();
    await becomes(dock, 'refused QUARANTINED');
    await becomes(twin, 'refused QUARANTINED');
    expect((await node()).quarantine?.reason).toBe('CLONE');
    await twin.kill();
    await client.call('POST', '/v1/nodes/LYON/dock-1/release');
    await becomes(dock, 'online');
    expect((await node()).quarantine).toBeNull();
  });

  it('ends with its key, and begins again with a new token while the node runs', async () => {
    const keys = (await node()).keys.filter(({ to }) => to === null);
    for (const { id } of keys) await client.call('DELETE', `/v1/nodes/LYON/dock-1/keys/${id}`);
    await becomes(dock, 'refused KEY');
    await dock.enrol(await token());
    await becomes(dock, 'online');
    expect((await panelOf(dock)).fingerprint).toBe((await node()).keys.at(-1)?.fingerprint);
  });
});
