/**
 * Security headers of what the Worker answers. An API answer is data: opened as a page it must do nothing. No CORS header is ever sent:
 * other origins have no business here. The dashboard's files have theirs from dashboard/_headers.
 */
const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'x-frame-options': 'DENY',
  'cache-control': 'no-store',
};

/** The same response with the security headers. A header that the response has itself stays. */
export function secured(response: Response): Response {
  // The response of a WebSocket handshake must stay the very object the runtime made.
  if (response.webSocket !== null && response.webSocket !== undefined) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(HEADERS)) if (!headers.has(name)) headers.set(name, value);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
