import { createServer } from 'node:net';
import { Fault } from '../../protocol/fault.ts';

const HOST = '127.0.0.1';

/** True when nothing listens on a loopback port. */
export function portFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: HOST, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** A loopback port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port: 0, host: HOST }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** @throws Fault PORT_TAKEN that names the port, what wanted it, and the option that chooses another */
export async function claimPort(port: number, what: string, option: string, variable: string): Promise<void> {
  if (await portFree(port)) return;
  const other = port < 60_000 ? port + 1_000 : port - 1_000;
  throw new Fault(
    'PORT_TAKEN',
    `port ${port} for the ${what} is taken by another program: stop it, or choose another port with ${option} ${other} (or ${variable}=${other})`,
    { port },
  );
}
