import { lookup } from 'node:dns/promises';
import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { parseTcp } from '../readers/link/tcp.ts';

/** Where serial devices are found by name: those that udev rules for readers give first, then stable names, then the kernel's. */
const NAMED = ['dev/rfid', 'dev/serial/by-path', 'dev/serial/by-id'];
const KERNEL = /^tty(USB|ACM|S)\d+$/;
/** A PC has up to 32 ttyS by driver default, most of them without hardware; more ports than this is no dock. */
const MAX_PORTS = 64;

const names = (dir: string): string[] => {
  try {
    return readdirSync(dir).sort();
  } catch {
    return [];
  }
};

/**
 * The serial devices of this machine, each once under its most stable name. Found in the file system: the library's own listing ends the
 * process where udevadm is missing. `root` is `/`, elsewhere in tests.
 */
export function serialPorts(root = '/'): string[] {
  const ports = new Map<string, string>();
  const add = (path: string): void => {
    try {
      const device = realpathSync(path);
      if (!ports.has(device) && isThere(root, device)) ports.set(device, path);
    } catch {
      // a link without a device: unplugged
    }
  };
  for (const dir of NAMED) for (const name of names(join(root, dir))) add(join(root, dir, name));
  for (const name of names(join(root, 'dev'))) if (KERNEL.test(name)) add(join(root, 'dev', name));
  return [...ports.values()].slice(0, MAX_PORTS);
}

/** The driver for the ports of a mainboard names 32 of them, and says type 0 (unknown) for those that have no hardware. */
function isThere(root: string, device: string): boolean {
  const name = device.slice(device.lastIndexOf('/') + 1);
  if (!/^ttyS\d+$/.test(name)) return true;
  try {
    return readFileSync(join(root, 'sys/class/tty', name, 'type'), 'utf8').trim() !== '0';
  } catch {
    return true;
  }
}

/** A program that has a device open. */
export interface Owner {
  readonly pid: number;
  /** As it was called, at most 200 characters. */
  readonly command: string;
  /** Whether it is a node of this project. */
  readonly node: boolean;
}

/** Who has a serial device or a TCP connection open, as far as this user may see (Linux); undefined when nobody, or nobody visible. */
export async function ownerOf(link: string): Promise<Owner | undefined> {
  const wanted = link.startsWith('tcp://') ? await socketTo(link) : real(link);
  if (wanted === undefined) return undefined;
  let first: Owner | undefined;
  for (const name of names('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const dir = `/proc/${pid}/fd`;
    if (!names(dir).some((fd) => target(join(dir, fd)) === wanted)) continue;
    const found = owner(pid);
    // The node is the one to look at, whoever else may listen in.
    if (found.node) return found;
    first ??= found;
  }
  return first;
}

/** State 01 of /proc/net/tcp. */
const ESTABLISHED = '01';

/** The socket of this machine that is connected to an IPv4 address, as a file descriptor names it. */
async function socketTo(link: string): Promise<string | undefined> {
  try {
    const { host, port } = parseTcp(link);
    const { address } = await lookup(host, 4);
    const bytes = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
    const remote = `${bytes.reverse().join('')}:${port.toString(16).padStart(4, '0')}`.toUpperCase();
    for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n')) {
      const fields = line.trim().split(/\s+/);
      if (fields[2] === remote && fields[3] === ESTABLISHED) return `socket:[${fields[9]}]`;
    }
  } catch {
    // another system, or a name that does not resolve: the connection itself will tell
  }
  return undefined;
}

function real(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function target(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function owner(pid: number): Owner {
  let words: string[] = [];
  try {
    words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
  } catch {
    // it has ended meanwhile
  }
  const node = words.some((word) => /(^|\/)edge\/cli\.ts$/.test(word)) && words.includes('run');
  return { pid, command: words.join(' ').slice(0, 200), node };
}
