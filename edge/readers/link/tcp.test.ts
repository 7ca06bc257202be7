import { createServer, type Socket } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { openLink } from './open.ts';
import { networkPath, parseTcp } from './tcp.ts';

const silent = { data: () => undefined, lost: () => undefined };
const toClose: (() => void)[] = [];
afterEach(() => {
  for (const close of toClose.splice(0)) close();
});

async function serve(connection: (socket: Socket) => void): Promise<string> {
  const server = createServer(connection);
  toClose.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `tcp://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
}

it('an address has a host and a port', () => {
  expect(parseTcp('tcp://reader-1.local:4001')).toMatchObject({ host: 'reader-1.local', port: 4_001 });
  expect(parseTcp('tcp://[fe80::1]:4001')).toMatchObject({ host: 'fe80::1', port: 4_001 });
});

it.each(['tcp://', 'tcp://host', 'tcp://host:0', 'tcp://host:70000', 'tcp://a b:1', 'tcp://host:12x'])('%s is refused', (path) => {
  expect(() => parseTcp(path)).toThrow(expect.objectContaining({ code: 'LINK_ADDRESS' }));
});

it('the port may be left out where there is one that is meant', () => {
  expect(parseTcp('tcp://reader-1.local', 5_084)).toMatchObject({ host: 'reader-1.local', port: 5_084 });
  expect(networkPath('tcp://reader-1.local/', 5_084)).toBe('tcp://reader-1.local:5084');
  expect(networkPath('tcp://[fe80::1]', 5_084)).toBe('tcp://[fe80::1]:5084');
  expect(networkPath('tcp://10.0.0.7:14150', 5_084)).toBe('tcp://10.0.0.7:14150');
  expect(() => networkPath('/dev/ttyUSB0', 5_084)).toThrow(expect.objectContaining({ code: 'READER_LINK' }));
});

it('bytes pass both ways and the end of the other side is told once', async () => {
  const path = await serve((socket) => socket.on('data', (chunk) => socket.write(chunk)));
  const chunks: Uint8Array[] = [];
  const lost = vi.fn();
  const link = await openLink(path, 0, { data: (chunk) => chunks.push(chunk), lost });
  await link.write(Uint8Array.from([0xff, 0, 3]));
  await vi.waitFor(() => expect(Buffer.concat(chunks)).toEqual(Buffer.from([0xff, 0, 3])));
  await link.close();
  await link.close();
  expect(lost).not.toHaveBeenCalled();
  await expect(link.write(new Uint8Array(1))).rejects.toMatchObject({ code: 'LINK_LOST' });
});

it('a connection that ends is lost', async () => {
  const path = await serve((socket) => socket.destroy());
  const lost = vi.fn();
  await openLink(path, 0, { ...silent, lost });
  await vi.waitFor(() => expect(lost).toHaveBeenCalledOnce());
});

it('nobody at the address is a fault that says so', async () => {
  await expect(openLink('tcp://127.0.0.1:1', 0, silent)).rejects.toMatchObject({ code: 'LINK_OPEN' });
});
