import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exportFolder } from './exportfolder.node.ts';

const code = (value: string) => expect.objectContaining({ code: value });

interface Said {
  readonly status?: number;
  readonly next?: string;
  readonly body: string;
}

/** A hub that says what a test tells it to, in order. */
describe('the export into a folder', () => {
  let server: Server;
  let url: string;
  let folder: string;
  let asked: string[];
  let answers: Said[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'docket-export-'));
    asked = [];
    server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
      const { status = 200, next, body } = answers.shift() ?? { status: 404, body: '{"code":"NOT_FOUND","detail":"nothing more"}' };
      response.writeHead(status, next === undefined ? {} : { 'x-docket-next': next }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  const opened = (first: string): Said => ({ status: 201, body: JSON.stringify({ id: 'e1', first }) });

  it('writes each file as the hub names it, asking again while the hub is busy', async () => {
    const busy = { status: 503, body: '{"code":"BUSY","detail":"still matching"}' };
    answers = [
      opened('projections/items/0000.jsonl'),
      busy,
      { body: 'rows\n', next: 'checkpoint' },
      { body: 'docket.example/log/demo\n7\nroot\n', next: 'manifest' },
      { body: 'signed' },
    ];
    const out = join(folder, 'new', 'export');
    expect(await exportFolder(out, { url, key: 'k' })).toEqual({ folder: out, files: 3, bytes: 42, entries: 7 });
    expect(readFileSync(join(out, 'projections/items/0000.jsonl'), 'utf8')).toBe('rows\n');
    expect(readFileSync(join(out, 'manifest'), 'utf8')).toBe('signed');
    expect(asked.length).toBe(5);
    expect(asked[1]).toBe('GET /v1/exports/e1/files/projections/items/0000.jsonl Bearer k');
    expect(asked[2]).toBe(asked[1]);
  });

  it('refuses a folder that holds anything, before it asks the hub', async () => {
    writeFileSync(join(folder, 'mine.txt'), 'mine');
    answers = [];
    await expect(exportFolder(folder, { url, key: 'k' })).rejects.toThrow(code('FOLDER_NOT_EMPTY'));
    await expect(exportFolder(join(folder, 'mine.txt'), { url, key: 'k' })).rejects.toThrow(code('FOLDER_UNWRITABLE'));
    expect(asked).toEqual([]);
  });

  it('writes nothing outside the folder, whatever the hub names', async () => {
    for (const path of ['../out', '/etc/out', 'a/../../out', 'a//b', '.ssh/keys', 'a\\b', '']) {
      answers = [opened(path), { body: 'x' }];
      await expect(exportFolder(join(folder, 'export'), { url, key: 'k' }), path).rejects.toThrow(code('EXPORT_INVALID'));
    }
    expect(existsSync(join(folder, 'out'))).toBe(false);
    answers = [opened('a'), { body: 'x', next: 'a' }, { body: 'y' }];
    await expect(exportFolder(join(folder, 'export'), { url, key: 'k' })).rejects.toThrow(code('FOLDER_UNWRITABLE'));
  });

  it('says what the hub refused', async () => {
    answers = [{ status: 403, body: '{"code":"SCOPE_MISSING","detail":"the key lacks log:export"}' }];
    await expect(exportFolder(join(folder, 'export'), { url, key: 'k' })).rejects.toThrow(code('SCOPE_MISSING'));
    answers = [opened('vkey'), { status: 500, body: '{"code":"ORIGINAL_MISSING","detail":"documents/x"}' }];
    await expect(exportFolder(join(folder, 'export'), { url, key: 'k' })).rejects.toThrow(code('ORIGINAL_MISSING'));
    await expect(exportFolder(join(folder, 'other'), { url: 'http://127.0.0.1:1', key: 'k' })).rejects.toThrow(code('HUB_UNREACHABLE'));
  });
});
