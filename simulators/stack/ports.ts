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

/** Below what systems give to outgoing connections (Linux from 32768, others from 49152): one of those could take it before its owner does. */
const FROM = 20_000;
const TO = 32_000;
/** Of twelve thousand ports some are free. */
const TRIES = 200;

/** A loopback port that was free a moment ago. @throws Fault PORT_TAKEN when none is found */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = FROM + Math.floor(Math.random() * (TO - FROM));
    if (await portFree(port)) return port;
  }
  throw new Fault('PORT_TAKEN', `no free port found from ${FROM} to ${TO} on ${HOST}`);
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
