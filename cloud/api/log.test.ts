import { evictDurableObject, runDurableObjectAlarm } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { concat, equal, fromBase64url, fromUtf8, toHex, utf8 } from '../../protocol/bytes.ts';
import { commitment } from '../../protocol/chain.ts';
import { openCheckpoint } from '../../protocol/checkpoint.ts';
import { openNote, parseVkey } from '../../protocol/note.ts';
import { parseProof } from '../../protocol/tlogproof.ts';
import { verifier } from '../gateway/signature.ts';
import { leafHash, verifyInclusion } from '../ledger/tree.ts';
import { append, ledgerOf } from './ledgers.ts';
import { Dock } from './testing/dock.ts';
import { call, freshAddress, freshTenant, keyWith, member, type Tenant } from './testing/hub.ts';
import { ubl } from './testing/ubl.ts';

const verify = verifier();

async function bytesOf(path: string, key: string): Promise<{ status: number; bytes: Uint8Array; headers: Headers }> {
  const response = await exports.default.fetch(`https://hub.test${path}`, {
    headers: { authorization: `Bearer ${key}`, 'cf-connecting-ip': freshAddress() },
  });
  return { status: response.status, bytes: new Uint8Array(await response.arrayBuffer()), headers: response.headers };
}

/** Sites make entries without needing any. */
async function grow({ tenant }: Tenant, count: number, from: number): Promise<void> {
  for (let i = from; i < from + count; i += 1) {
    await append(env, tenant, { type: 'site', body: { v: 1, site: `S${i}`, name: 'Lyon', timeZone: 'Europe/Paris' } }, Date.now());
  }
}

async function logOf({ admin }: Tenant) {
  const { body } = await call('GET', '/v1/log', admin);
  const { origin, vkey, size, root } = body as { origin: string; vkey: string; size: number; root: string };
  return { origin, key: parseVkey(vkey), vkey, size, root: fromBase64url(root) ?? new Uint8Array() };
}

describe('the transparency log over HTTP', () => {
  it('signs its newest checkpoint with the key that it shows', async () => {
    const tenant = await freshTenant();
    const log = await logOf(tenant);
    expect(log.origin).toBe(`docket.example/log/${tenant.tenant}`);
    const { body, headers, status } = await call('GET', `/log/${tenant.tenant}/checkpoint`, tenant.admin);
    expect([status, headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
    expect(await openCheckpoint(String(body), log.key, verify)).toEqual({ origin: log.origin, size: log.size, root: log.root });
    await grow(tenant, 1, 0);
    await evictDurableObject(env.LEDGER.getByName(tenant.tenant));
    const later = await logOf(tenant);
    expect([later.vkey, later.size]).toEqual([log.vkey, log.size + 1]);
  });

  it('serves tiles and leaves of the checkpoint, older widths too, and nothing beyond it', async () => {
    const tenant = await freshTenant();
    await grow(tenant, 4, 0);
    const { size } = await logOf(tenant);
    const base = `/log/${tenant.tenant}/tile`;
    const hashes = await bytesOf(`${base}/0/000.p/${size}`, tenant.admin);
    expect([hashes.status, hashes.headers.get('content-type')]).toEqual([200, 'application/octet-stream']);
    expect(hashes.headers.get('cache-control')).toContain('immutable');
    const leaves = await bytesOf(`${base}/entries/000.p/${size}`, tenant.admin);
    const expected = Array.from({ length: size }, (_, i) => leafHash(leaves.bytes.subarray(i * 80 + 2, (i + 1) * 80)));
    expect(equal(hashes.bytes, concat(...expected))).toBe(true);
    expect((await bytesOf(`${base}/0/000.p/2`, tenant.admin)).bytes).toEqual(hashes.bytes.slice(0, 64));
    // Appended, but under no checkpoint yet.
    await grow(tenant, 1, 4);
    expect((await bytesOf(`${base}/0/000.p/${size + 1}`, tenant.admin)).status).toBe(404);
    await call('GET', `/log/${tenant.tenant}/checkpoint`, tenant.admin);
    expect((await bytesOf(`${base}/0/000.p/${size + 1}`, tenant.admin)).status).toBe(200);
    for (const path of [
      '0/000',
      '0/001.p/1',
      '0/000.p/0',
      '0/000.p/256',
      '0/0',
      '1/000.p/1',
      '64/000',
      '0/000.p/02',
      'entries/001',
      'x',
      '0/000/',
    ]) {
      expect((await bytesOf(`${base}/${path}`, tenant.admin)).status, path).toBe(404);
    }
    for (const path of ['', '/tile', '/tile/', '/checkpoint/', '/other']) {
      expect((await call('GET', `/log/${tenant.tenant}${path}`, tenant.admin)).status, path).toBe(404);
    }
  });

  it('is closed without a key, without the scope, and to the keys of other tenants', async () => {
    const [tenant, other] = [await freshTenant(), await freshTenant()];
    const reader = await keyWith(tenant, ['log:read']);
    const clerk = await keyWith(tenant, ['stock:read', 'documents:read']);
    const path = `/log/${tenant.tenant}/checkpoint`;
    expect((await call('GET', path, reader.key)).status).toBe(200);
    expect((await call('GET', path)).status).toBe(401);
    expect((await call('GET', path, clerk.key)).status).toBe(403);
    expect((await call('GET', path, other.admin)).status).toBe(404);
    expect((await bytesOf(`/log/${tenant.tenant}/tile/0/000.p/1`, other.admin)).status).toBe(404);
    expect((await call('POST', path, reader.key, {})).status).toBe(405);
  });

  it('copies full tiles to the archive by alarm and serves them from there', async () => {
    const tenant = await freshTenant();
    const ledger = env.LEDGER.getByName(tenant.tenant);
    const entries = Array.from({ length: 600 }, (_, i) => ({
      type: 'site' as const,
      body: { v: 1, site: `S${i}`, name: 'Lyon', timeZone: 'Europe/Paris' },
    }));
    await ledgerOf(env, tenant.tenant).append(entries, Date.now());
    const before = (await ledgerOf(env, tenant.tenant).rows()).written;
    await runDurableObjectAlarm(ledger);
    // The log's key with its first use, a checkpoint, the cursor; and what other duties of the alarm remember.
    expect((await ledgerOf(env, tenant.tenant).rows()).written - before).toBeLessThanOrEqual(6);
    const listed = (await env.ARCHIVE.list({ prefix: `log/${tenant.tenant}/` })).objects.map(({ key }) =>
      key.slice(`log/${tenant.tenant}/`.length),
    );
    expect(listed.sort()).toEqual(['tile/0/000', 'tile/0/001', 'tile/entries/000', 'tile/entries/001']);
    const own = await ledgerOf(env, tenant.tenant).tile('tile/0/001');
    const served = await bytesOf(`/log/${tenant.tenant}/tile/0/001`, tenant.admin);
    expect(served.bytes).toEqual(own);
    expect((await (await env.ARCHIVE.get(`log/${tenant.tenant}/tile/0/001`))?.arrayBuffer())?.byteLength).toBe(8192);
  });

  it('gives a receipt of each entry that holds offline, and with it the entry to who may read it', async () => {
    const dock = await Dock.open();
    const { tenant } = dock;
    await dock.passage('in', [1, 2, 3]);
    const { size, key } = await logOf(tenant);
    for (let index = 0; index < size; index += 1) {
      const { body } = await call('GET', `/v1/entries/${index}/receipt`, tenant.admin, undefined, { accept: 'application/json' });
      const receipt = body as { index: number; leaf: string; salt: string; body: string; proof: string; vkey: string };
      const leaf = fromBase64url(receipt.leaf) ?? new Uint8Array();
      const proof = parseProof(receipt.proof);
      const { size: at, root } = await openCheckpoint(proof.checkpoint, key, verify);
      expect([proof.index, receipt.index]).toEqual([index, index]);
      expect(verifyInclusion(index, at, leafHash(leaf), proof.path, root)).toBe(true);
      expect(commitment(fromBase64url(receipt.salt) ?? new Uint8Array(), utf8(receipt.body))).toEqual(leaf.slice(46));
      expect((await call('GET', `/v1/entries/${index}/receipt`, tenant.admin)).body).toBe(receipt.proof);
    }
    expect((await call('GET', `/v1/entries/${size}/receipt`, tenant.admin)).status).toBe(404);
    const auditor = await keyWith(tenant, ['log:read']);
    const text = await call('GET', '/v1/entries/0/receipt', auditor.key);
    expect([text.status, text.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
    expect((await call('GET', '/v1/entries/0/receipt', auditor.key, undefined, { accept: 'application/json' })).status).toBe(403);
  });
});

interface Fetched {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Fetches files from `path` on, in the order in which each names the next, until `until` or the end. */
async function fetchAll({ tenant, admin }: Tenant, id: string, path: string, until?: string): Promise<Fetched[]> {
  const files: Fetched[] = [];
  for (let next: string | null = path; next !== null && next !== until; ) {
    const { status, bytes, headers } = await bytesOf(`/v1/exports/${id}/files/${next}`, admin);
    if (status === 503) {
      // Matching goes on by alarm.
      expect(headers.get('retry-after')).toBe('1');
      await runDurableObjectAlarm(env.LEDGER.getByName(tenant));
      continue;
    }
    if (status !== 200) throw new Error(`${next}: ${new TextDecoder().decode(bytes)}`);
    files.push({ path: next, bytes });
    next = headers.get('x-docket-next');
  }
  return files;
}

async function begin({ admin }: Tenant): Promise<{ id: string; first: string }> {
  const answer = await call('POST', '/v1/exports', admin);
  expect(answer.status).toBe(201);
  return answer.body as { id: string; first: string };
}

const sha256 = async (bytes: Uint8Array): Promise<string> =>
  toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>))).toLowerCase();

async function billed(): Promise<Dock> {
  const dock = await Dock.open();
  await dock.passage('in', [1, 2, 3]);
  const sent = await call('POST', '/v1/documents', dock.tenant.admin, ubl({ number: 'F-1', quantity: 3, net: '21.75' }), {
    'content-type': 'application/xml',
  });
  expect(sent.status).toBe(201);
  return dock;
}

describe('an export', () => {
  it('holds every file that its signed manifest names, and each as it was handed out', async () => {
    const { tenant } = await billed();
    const { id, first } = await begin(tenant);
    const files = await fetchAll(tenant, id, first);
    const { key, size, root, vkey } = await logOf(tenant);
    const text = await openNote(fromUtf8(files.at(-1)?.bytes ?? new Uint8Array()), key, verify);
    expect(files.at(-1)?.path).toBe('manifest');
    const [head, sized, , ...listed] = text.trimEnd().split('\n');
    expect([head, sized]).toEqual([`docket/export/1 ${key.name}`, `size ${size}`]);
    const lines = await Promise.all(files.slice(0, -1).map(async ({ path, bytes }) => `${await sha256(bytes)} ${bytes.length} ${path}`));
    const byPath = (a: string, b: string): number => ((a.split(' ')[2] ?? '') < (b.split(' ')[2] ?? '') ? -1 : 1);
    expect(listed).toEqual(lines.sort(byPath));
    const at = (path: string): string => fromUtf8(files.find((file) => file.path === path)?.bytes ?? new Uint8Array());
    expect(at('vkey')).toBe(`${vkey}\n`);
    expect(await openCheckpoint(at('checkpoint'), key, verify)).toMatchObject({ size, root });
    expect(JSON.parse(at('checkpoints.jsonl').trimEnd().split('\n').at(-1) ?? '')).toBe(at('checkpoint'));
    const entries = at('entries/000.jsonl')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { index: number; producer: string });
    expect(entries.map(({ index }) => index)).toEqual(Array.from({ length: size }, (_, i) => i));
    expect(new Set(entries.map(({ producer }) => producer))).toEqual(new Set(['hub', 'LYON/dock-1']));
    expect(at('batches/000.jsonl').trimEnd().split('\n').length).toBe(1);
    expect(files.filter(({ path }) => path.startsWith('documents/')).length).toBe(1);
    for (const { path, bytes } of files) {
      if (path.startsWith('documents/')) expect(path).toBe(`documents/${await sha256(bytes)}`);
      if (!path.startsWith('projections/')) continue;
      const header = JSON.parse(fromUtf8(bytes).split('\n')[0] ?? '') as { last: boolean; size: number; after: unknown };
      expect(header).toMatchObject({ last: true, size, after: null });
    }
  });

  it('goes on from a file that is asked for again, and covers what came meanwhile', async () => {
    const { tenant } = await billed();
    const { id, first } = await begin(tenant);
    const files = await fetchAll(tenant, id, first, 'checkpoint');
    const stock = files.find(({ path }) => path.startsWith('projections/items/'));
    expect(stock).toBeDefined();
    await grow(tenant, 1, 0);
    // From a table on: the checkpoint is fixed anew, so that it covers what the table holds now.
    const anew = await fetchAll(tenant, id, stock?.path ?? '');
    const { size } = await logOf(tenant);
    expect(fromUtf8(anew.at(-1)?.bytes ?? new Uint8Array())).toContain(`\nsize ${size}\n`);
    await grow(tenant, 1, 1);
    // From the log on: the checkpoint stays.
    const again = await fetchAll(tenant, id, `tile/0/000.p/${size}`);
    expect(again.at(-1)?.bytes).toEqual(anew.at(-1)?.bytes);
  });

  it('is fetched in order, by keys of its tenant with the scope, and only while it lives', async () => {
    const { tenant } = await Dock.open();
    const other = await freshTenant();
    const { id, first } = await begin(tenant);
    const at = async (path: string, key: string): Promise<number> => (await bytesOf(`/v1/exports/${id}/files/${path}`, key)).status;
    for (const path of ['manifest', 'vkey', 'entries/000.jsonl', 'projections/none/0000.jsonl', '..', '../../keys']) {
      expect(await at(path, tenant.admin), path).toBe(404);
    }
    expect(await at(first, other.admin)).toBe(404);
    expect(await at(first, (await keyWith(tenant, ['log:read'])).key)).toBe(403);
    expect((await bytesOf(`/v1/exports/none/files/${first}`, tenant.admin)).status).toBe(404);
    expect(await at(first, (await keyWith(tenant, ['log:export'])).key)).toBe(200);
    for (let i = 0; i < 3; i += 1) await begin(tenant);
    const fifth = await call('POST', '/v1/exports', tenant.admin);
    expect([fifth.status, member(fifth, 'code')]).toEqual([409, 'EXPORT_LIMIT']);
    const ledger = ledgerOf(env, tenant.tenant);
    expect(await ledger.exportFile(id, first, Date.now() + 6 * 3_600_000)).toMatchObject({ ok: false, code: 'NOT_FOUND' });
    // One that rests for ten minutes gives its place to another.
    expect(await ledger.openExport(Date.now() + 11 * 60_000)).toMatchObject({ ok: true, first });
  });
});
