import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Fault } from '../../protocol/fault.ts';

/** One file of the page as it is served. */
export interface PageFile {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of the content, quoted as HTTP wants it: a reload after an update gets the new page, else nothing is sent. */
  readonly etag: string;
}

/** The page by path, such as `/` or `/panel.js`. */
export type Page = ReadonlyMap<string, PageFile>;

const SOURCE = fileURLToPath(new URL('./page/', import.meta.url));
const DIST = join(SOURCE, 'dist');
/** Files that go out as they are. */
const STATIC = ['index.html', 'icon.svg'];
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

function pageOf(files: Iterable<readonly [string, Uint8Array]>): Page {
  const page = new Map<string, PageFile>();
  for (const [name, content] of files) {
    const type = TYPES[name.slice(name.lastIndexOf('.') + 1)];
    if (type === undefined) continue;
    const bytes = new Uint8Array(content);
    const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
    page.set(name === 'index.html' ? '/' : `/${name}`, { type, bytes, etag });
  }
  return page;
}

async function build(): Promise<Map<string, Uint8Array> | undefined> {
  let esbuild: typeof import('esbuild');
  try {
    esbuild = await import('esbuild');
  } catch {
    // A node in a warehouse has no build tools: the page was built before it was installed.
    return undefined;
  }
  const { outputFiles } = await esbuild.build({
    absWorkingDir: SOURCE,
    entryPoints: [
      { in: 'app.tsx', out: 'panel' },
      { in: 'panel.css', out: 'panel' },
    ],
    outdir: DIST,
    bundle: true,
    minify: true,
    format: 'esm',
    // Tablets at a dock are kept for years: what Chrome 109 (the last for Windows 7 and 8) and Safari 16 read.
    target: ['chrome109', 'firefox115', 'safari16'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    logLevel: 'silent',
    write: false,
  });
  // Its service is a process of some 30 MB, and a node runs for months after this one build.
  await esbuild.stop();
  const files = new Map(outputFiles.map((file) => [file.path.slice(DIST.length + 1), file.contents as Uint8Array]));
  for (const name of STATIC) files.set(name, await readFile(join(SOURCE, name)));
  return files;
}

async function builtBefore(): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const name of await readdir(DIST).catch(() => [] as string[])) files.set(name, await readFile(join(DIST, name)));
  if (!files.has('index.html')) {
    throw new Fault('PANEL_PAGE', `panel: no page in ${DIST} and esbuild is not installed: run "node edge/panel/build.ts" where it is`);
  }
  return files;
}

/**
 * The page, bundled now where esbuild is installed, else as it was built before.
 * @throws Fault PANEL_PAGE when there is neither
 */
export async function loadPage(): Promise<Page> {
  return pageOf((await build()) ?? (await builtBefore()));
}

/** Builds the page into page/dist, for an installation without esbuild. @throws Fault PANEL_PAGE */
export async function writePage(): Promise<string> {
  const files = await build();
  if (files === undefined) throw new Fault('PANEL_PAGE', 'panel: esbuild is not installed: run npm install first');
  await mkdir(DIST, { recursive: true });
  for (const [name, bytes] of files) await writeFile(join(DIST, name), bytes);
  return DIST;
}
