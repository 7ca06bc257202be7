/**
 * Security headers. The dashboard loads only its own files and talks only to its own origin; inline script and style are
 * refused. No CORS header is ever sent: other origins have no business here.
 */
const COMMON: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'x-frame-options': 'DENY',
};

const PAGE: Readonly<Record<string, string>> = {
  ...COMMON,
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
};

/** An API answer is data: opened as a page it must do nothing. */
const DATA: Readonly<Record<string, string>> = {
  ...COMMON,
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
};

/** The same response with the headers of a page or of data. A header that the response has itself stays. */
export function secured(response: Response, kind: 'page' | 'data'): Response {
  // A WebSocket handshake has no page; its response must stay the very object the runtime made.
  if (response.webSocket !== null && response.webSocket !== undefined) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(kind === 'page' ? PAGE : DATA)) if (!headers.has(name)) headers.set(name, value);
  if (kind === 'data' && !headers.has('cache-control')) headers.set('cache-control', 'no-store');
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
