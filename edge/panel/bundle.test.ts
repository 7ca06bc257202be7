import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { loadPage } from './bundle.ts';

/** What a tablet of a Raspberry's class takes in under a second. */
const MAX_SCRIPT_GZIP = 60_000;

it('the page stays small, and asks nothing of any other machine', async () => {
  const page = await loadPage();
  expect([...page.keys()].sort()).toEqual(['/', '/icon.svg', '/panel.css', '/panel.js']);
  expect(gzipSync(page.get('/panel.js')?.bytes ?? '').length).toBeLessThan(MAX_SCRIPT_GZIP);
  for (const path of ['/', '/panel.css']) expect(Buffer.from(page.get(path)?.bytes ?? []).toString()).not.toMatch(/https?:|@import|url\(/);
});

it('panel and dashboard carry the same visual language', async () => {
  const ours = await readFile(new URL('./page/tokens.css', import.meta.url), 'utf8');
  const theirs = await readFile(new URL('../../cloud/dashboard/tokens.css', import.meta.url), 'utf8');
  expect(ours).toBe(theirs);
});
