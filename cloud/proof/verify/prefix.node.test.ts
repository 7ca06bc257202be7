import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LogKey } from './export.fixture.ts';
import { history, ORIGIN } from './history.fixture.ts';
import { verifyPrefix } from './prefix.ts';
import { checkpoint, type Files, writeExport } from './writer.fixture.ts';

const KEY = new LogKey(ORIGIN, 7);

describe('the log below an address', { timeout: 60_000 }, () => {
  let server: Server;
  let address: string;
  let files: Files;
  let small: Files;
  let made: Awaited<ReturnType<typeof history>>;
  /** What stands instead of a file; the first answers of a list, then its last. */
  let instead = new Map<string, (Uint8Array | undefined)[]>();

  beforeAll(async () => {
    made = await history();
    files = writeExport(made.warehouse, KEY, []);
    server = createServer((request, response) => {
      const path = (request.url ?? '').replace('/log/demo/', '');
      if (request.headers.authorization === 'Bearer dk_early') return response.writeHead(503).end();
      if (request.headers.authorization !== 'Bearer dk_read') return response.writeHead(401).end();
      if (path === '/v1/log') return response.end(JSON.stringify({ vkey: KEY.vkey }));
      const answers = instead.get(path);
      const answer = answers === undefined ? files.get(path) : answers.length > 1 ? answers.shift() : answers[0];
      return answer === undefined ? response.writeHead(404).end() : response.end(answer);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/log/demo`;
    // The same log when it was smaller.
    const [bundle, tile] = ['tile/entries/000.p/17', 'tile/0/000.p/17'].map((path) => files.get(path) as Uint8Array);
    small = new Map([
      ['checkpoint', Buffer.from(checkpoint(made.warehouse.sql, KEY, 9))],
      ['tile/entries/000.p/9', (bundle as Uint8Array).subarray(0, 9 * 80)],
      ['tile/0/000.p/9', (tile as Uint8Array).subarray(0, 9 * 32)],
    ]);
  });
  afterAll(() => server.close());

  const verify = async (changed: [string, (Uint8Array | undefined)[]][], vkey: string | undefined = KEY.vkey) => {
    instead = new Map(changed);
    return verifyPrefix(address, { key: 'dk_read', ...(vkey === undefined ? {} : { vkey }) });
  };

  it('verifies, and says which checks need an export', async () => {
    const report = await verify([]);
    expect(report).toMatchObject({ ok: true, pinned: true, size: 17, problems: [], warnings: [] });
    expect(report.checked).toMatchObject({ leaves: 17, tiles: 1, checkpoints: 2 });
    expect(report.needsExport).toContain('projections against the fold');
  });

  it('without a pinned key asks the hub for one, and says so', async () => {
    instead = new Map();
    const report = await verifyPrefix(address, { key: 'dk_read' });
    expect(report).toMatchObject({ ok: true, pinned: false, warnings: [expect.stringContaining('--vkey')] });
    const foreign = await verify([], new LogKey(ORIGIN, 66).vkey);
    expect(foreign.problems).toMatchObject([{ code: 'CHECKPOINT_INVALID' }]);
  });

  it('that grows while it is read must extend what was read', async () => {
    const grown = { checkpoint: [small.get('checkpoint'), files.get('checkpoint')] };
    const early: [string, Uint8Array[]][] = [...small].slice(1).map(([path, bytes]) => [path, [bytes]]);
    expect(await verify([['checkpoint', grown.checkpoint], ...early])).toMatchObject({ ok: true, size: 9, checked: { leaves: 17 } });
    const other = Buffer.from(KEY.note(`${ORIGIN}\n17\n${Buffer.alloc(32, 1).toString('base64')}\n`));
    const forked = await verify([['checkpoint', [small.get('checkpoint'), other]], ...early]);
    expect(forked.problems).toMatchObject([{ code: 'CHECKPOINT_ROOT' }]);
    const cut = await verify([['checkpoint', [files.get('checkpoint'), small.get('checkpoint')]]]);
    expect(cut.problems).toMatchObject([{ code: 'CHECKPOINT_SIZE' }]);
  });

  it('names the byte of a tile and the entry of a leaf that do not fit', async () => {
    const flip = (path: string, at: number): [string, Uint8Array[]] => {
      const bytes = Uint8Array.from(files.get(path) as Uint8Array);
      bytes[at] = (bytes[at] as number) ^ 4;
      return [path, [bytes]];
    };
    const tile = await verify([flip('tile/0/000.p/17', 100)]);
    expect(tile.problems).toMatchObject([{ code: 'TILE_DIFFERS', place: { file: 'tile/0/000.p/17', bytes: [100, 101] } }]);
    const leaf = await verify([flip('tile/entries/000.p/17', 80 * 5 + 70)]);
    expect(leaf.problems.map(({ code }) => code)).toEqual(expect.arrayContaining(['ROOT_DIFFERS', 'TILE_DIFFERS']));
    expect((await verify([['tile/0/000.p/17', [undefined]]])).problems).toMatchObject([{ code: 'FILE_MISSING' }]);
  });

  it('is a wrong call or no answer where it is not to be read', async () => {
    await expect(verifyPrefix(address, { vkey: KEY.vkey })).rejects.toMatchObject({
      code: 'HTTP_401',
      message: expect.stringContaining('--key'),
    });
    await expect(verifyPrefix(address, { vkey: KEY.vkey, key: 'dk_early' })).rejects.toMatchObject({
      code: 'HTTP_503',
      message: expect.not.stringContaining('--key'),
    });
    await expect(verifyPrefix('http://127.0.0.1:1/log/demo', { vkey: KEY.vkey })).rejects.toMatchObject({ code: 'HUB_UNREACHABLE' });
    await expect(verifyPrefix(address, { vkey: 'x' })).rejects.toMatchObject({ code: 'USAGE' });
  });
});
