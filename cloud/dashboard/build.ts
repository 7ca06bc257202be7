import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/**
 * Builds the dashboard into dist/dashboard, from where the hub serves it. Run by wrangler (`[build]`) before each start and deploy. The output
 * stays out of cloud/, which wrangler watches: what a build writes there would start the next build, for ever.
 */
const SOURCE = fileURLToPath(new URL('.', import.meta.url));
const DIST = join(SOURCE, '../../dist/dashboard');
/** Files that go out as they are; `_headers` is read where Workers serve files: these never pass cloud/headers.ts. */
const STATIC = ['index.html', 'icon.svg', '_headers'];

await mkdir(DIST, { recursive: true });
await build({
  absWorkingDir: SOURCE,
  entryPoints: [
    { in: 'app.tsx', out: 'dashboard' },
    { in: 'dashboard.css', out: 'dashboard' },
  ],
  outdir: DIST,
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['chrome109', 'firefox115', 'safari16'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  logLevel: 'warning',
});
for (const name of STATIC) await copyFile(join(SOURCE, name), join(DIST, name));
