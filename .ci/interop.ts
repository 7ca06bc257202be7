import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../protocol/fault.ts';
import { aptInstall } from './browser.ts';

/**
 * Finds what the interoperability tests speak with, clients that others wrote: paho's for Python, and mosquitto_sub and mosquitto_pub.
 * Installs Debian's packages where they are missing (as root). A machine that can have none fails here, in words: no test is skipped.
 */
const PACKAGES = ['python3-paho-mqtt', 'mosquitto-clients'];

function onPath(name: string): string[] {
  return (process.env['PATH'] ?? '')
    .split(':')
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .filter((file) => existsSync(file));
}

/** A Python that has paho's client. A version manager may put another one first in PATH than the one that Debian's packages are for. */
function python(): string | undefined {
  const named = process.env['INTEROP_PYTHON'];
  const candidates = [...(named === undefined ? [] : [named]), '/usr/bin/python3', ...onPath('python3')];
  return candidates.find(
    (file) => existsSync(file) && spawnSync(file, ['-c', 'import paho.mqtt.client'], { stdio: 'ignore' }).status === 0,
  );
}

interface Found {
  readonly python: string | undefined;
  readonly sub: string | undefined;
  readonly pub: string | undefined;
}

function found(): Found {
  return { python: python(), sub: onPath('mosquitto_sub')[0], pub: onPath('mosquitto_pub')[0] };
}

const whole = ({ python: py, sub, pub }: Found): boolean => py !== undefined && sub !== undefined && pub !== undefined;

/** Vitest's global set-up: what it puts in the environment reaches every worker. @throws Fault in plain words when something is missing */
export default function setup(): void {
  let clients = found();
  if (!whole(clients)) {
    console.error(`docket: installing ${PACKAGES.join(' and ')} for the interoperability tests ...`);
    aptInstall(...PACKAGES);
    clients = found();
  }
  if (!whole(clients)) {
    const missing = [
      ...(clients.python === undefined ? ['a python3 with paho-mqtt'] : []),
      ...(clients.sub === undefined || clients.pub === undefined ? ['mosquitto_sub and mosquitto_pub'] : []),
    ].join(' and ');
    throw new Fault(
      'INTEROP_MISSING',
      `The interoperability tests need ${missing}: not on this machine, and apt-get (needs root) could not install them. ` +
        `Install Debian's ${PACKAGES.join(' and ')}, or name a Python that has paho in the variable INTEROP_PYTHON, and run the tests again.`,
    );
  }
  process.env['INTEROP_PYTHON'] = clients.python;
  process.env['MOSQUITTO_SUB'] = clients.sub;
  process.env['MOSQUITTO_PUB'] = clients.pub;
}
