import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { Fault } from '../../protocol/fault.ts';
import { panelApi } from './api.ts';
import { loadPage, type Page } from './bundle.ts';
import { checkHost, headers, ownOrigin } from './guard.ts';
import { LiveState } from './live.ts';
import type { PanelModel } from './model.ts';
import { problem } from './problem.ts';
import { setUpApi } from './setupapi.ts';
import type { SetUpModel } from './setupmodel.ts';

/**
 * Six of a browser for each of the few screens, and those of forgotten tabs. A program on this machine that opens more must not take the
 * file descriptors that the outbox and the readers need: the usual limit of a process is 1,024.
 */
const MAX_CONNECTIONS = 128;

export interface PanelOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly model: PanelModel;
  /** Readers of a running node; without it there is no set-up screen. */
  readonly setUp?: SetUpModel;
  /** For a page that is bundled already; else it is bundled here. */
  readonly page?: Page;
}

export interface Panel {
  /** `http://127.0.0.1:<port>/` */
  readonly url: string;
  readonly port: number;
  /** Ends the live streams and stops listening. */
  stop(): Promise<void>;
}

function panelApp({ model, setUp }: PanelOptions, live: LiveState, page: Page, port: () => number): Hono {
  const app = new Hono();
  app.onError((error) => problem(error));
  app.notFound((c) => problem(new Fault('NOT_FOUND', `${c.req.method} ${c.req.path}: there is nothing here`)));
  app.use(headers, ownOrigin(port));
  if (setUp !== undefined) app.route('/api/setup', setUpApi(setUp));
  app.route('/api', panelApi(model, live));
  for (const [path, file] of page) {
    app.get(path, (c) => {
      // The files' names never change, so the browser asks each time; what it has is confirmed by the etag.
      const caching = { etag: file.etag, 'cache-control': 'no-cache' };
      if (c.req.header('if-none-match') === file.etag) return c.body(null, 304, caching);
      return c.body(file.bytes, 200, { ...caching, 'content-type': file.type });
    });
  }
  app.all('*', (c) => {
    if (c.req.method === 'GET' || c.req.method === 'HEAD') return c.notFound();
    throw new Fault('METHOD_NOT_ALLOWED', `${c.req.method} ${c.req.path} is not a call of the panel`);
  });
  return app;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = `panel: port ${port} on ${host} is taken by another program: choose another as panel.port in the settings`;
      const other = `panel: can't listen on ${host}:${port} (${error.message}): choose another as panel.port in the settings`;
      reject(new Fault(error.code === 'EADDRINUSE' ? 'PORT_TAKEN' : 'PANEL_LISTEN', error.code === 'EADDRINUSE' ? taken : other, { port }));
    });
    server.listen(port, host, resolve);
  });
}

/**
 * Serves the panel over a model.
 * @throws Fault PANEL_ADDRESS, PORT_TAKEN, PANEL_LISTEN, PANEL_PAGE
 */
export async function startPanel(options: PanelOptions): Promise<Panel> {
  const { host, port, model, page } = options;
  checkHost(host);
  const live = new LiveState(model);
  let bound = port;
  const app = panelApp(options, live, page ?? (await loadPage()), () => bound);
  // The global Request and Response of the node's process stay as they are.
  const server = createServer(getRequestListener(app.fetch, { overrideGlobalObjects: false }));
  server.maxConnections = MAX_CONNECTIONS;
  await listen(server, host, port);
  bound = (server.address() as AddressInfo).port;
  return {
    url: `http://${host}:${bound}/`,
    port: bound,
    stop: () =>
      new Promise((resolve) => {
        live.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
