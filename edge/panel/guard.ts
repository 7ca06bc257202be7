import { createMiddleware } from 'hono/factory';
import { Fault } from '../../protocol/fault.ts';

/**
 * Without sign-in the panel is for whoever stands at this machine. The browser there also runs pages of strangers, so that
 * the loopback address alone protects nothing: a name that resolves to it must not reach us (DNS rebinding: Host), nor
 * must another page's form or script (cross-site request: Origin, Sec-Fetch-Site, and JSON, which a form can't send).
 */
export const HOST = '127.0.0.1';

/** @throws Fault PANEL_ADDRESS for any address but 127.0.0.1: on a network, everybody could decide. */
export function checkHost(host: string): void {
  if (host === HOST) return;
  throw new Fault(
    'PANEL_ADDRESS',
    `panel: address ${host} is refused, because without a PIN everybody on that network could decide: set panel.host to ${HOST}`,
    { host },
  );
}

const HEADERS: readonly (readonly [string, string])[] = [
  [
    'content-security-policy',
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ],
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
  ['referrer-policy', 'no-referrer'],
  ['cross-origin-opener-policy', 'same-origin'],
  ['cross-origin-resource-policy', 'same-origin'],
  ['permissions-policy', 'camera=(), geolocation=(), microphone=()'],
];

/** The headers of every answer, refusals included. */
export const headers = createMiddleware(async (c, next) => {
  await next();
  for (const [name, value] of HEADERS) c.res.headers.set(name, value);
  if (!c.res.headers.has('cache-control')) c.res.headers.set('cache-control', 'no-store');
});

/** Refuses what does not come from the panel's own page or from a program on this machine. `port` is asked late: 0 becomes one at listening. */
export function ownOrigin(port: () => number) {
  return createMiddleware(async (c, next) => {
    const hosts = [`${HOST}:${port()}`, `localhost:${port()}`];
    const host = c.req.header('host') ?? '';
    if (!hosts.includes(host))
      throw new Fault('HOST_REFUSED', `the panel is not ${host || 'a request without a Host'}: open http://${hosts[0]}/`);
    const origin = c.req.header('origin');
    if (origin !== undefined && !hosts.some((own) => origin === `http://${own}`)) {
      throw new Fault('ORIGIN_REFUSED', `a page of ${origin} may not use the panel: open http://${hosts[0]}/`);
    }
    const site = c.req.header('sec-fetch-site');
    const navigation = c.req.method === 'GET' && c.req.header('sec-fetch-mode') === 'navigate' && !c.req.path.startsWith('/api/');
    if (site !== undefined && site !== 'same-origin' && site !== 'none' && !navigation) {
      throw new Fault('ORIGIN_REFUSED', `a ${site} request may not use the panel: open http://${hosts[0]}/`);
    }
    await next();
  });
}
