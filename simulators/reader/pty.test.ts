import { mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SerialPort } from 'serialport';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Port } from './port.ts';
import { openPty, type PtyOptions } from './pty.ts';

const toClose: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

async function line(options: PtyOptions = {}): Promise<{ port: Port; heard: () => Buffer }> {
  const chunks: Uint8Array[] = [];
  const port = await openPty(options, (bytes) => chunks.push(bytes));
  toClose.push(() => port.close());
  return { port, heard: () => Buffer.concat(chunks) };
}

interface Host {
  read(): Buffer;
  write(bytes: Uint8Array): void;
  close(): Promise<void>;
}

async function host(path: string): Promise<Host> {
  const chunks: Uint8Array[] = [];
  const port = new SerialPort({ path, baudRate: 115_200, autoOpen: false });
  await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())));
  port.on('data', (chunk: Uint8Array) => chunks.push(chunk));
  const close = (): Promise<void> => new Promise((resolve) => (port.isOpen ? port.close(() => resolve()) : resolve()));
  toClose.push(close);
  return { read: () => Buffer.concat(chunks), write: (bytes) => void port.write(bytes), close };
}

const within = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 10_000, interval: 10 });
/** Every byte, among them 03 (interrupt), 0A and 0D (translated), 11 and 13 (flow control), 7F (erase), FF (parity mark). */
const ALL = Uint8Array.from({ length: 512 }, (_, i) => i % 256);

describe('the pseudo-terminal of an emulated reader', () => {
  it('passes every byte unchanged in both directions', async () => {
    const { port, heard } = await line();
    const { read, write } = await host(port.path);
    port.write(ALL);
    write(ALL);
    await within(() => expect([read().length, heard().length]).toEqual([ALL.length, ALL.length]));
    expect(read()).toEqual(Buffer.from(ALL));
    expect(heard()).toEqual(Buffer.from(ALL));
  });

  it('never hears what it has said itself, before any host is there', async () => {
    const { port, heard } = await line();
    port.write(ALL);
    const { write } = await host(port.path);
    write(Uint8Array.from([1]));
    await within(() => expect(heard()).toEqual(Buffer.from([1])));
  });

  it('keeps its path when a host closes it and another opens it', async () => {
    const { port } = await line();
    const { path } = port;
    for (let i = 0; i < 3; i++) {
      const { read, close } = await host(path);
      port.write(Uint8Array.from([i]));
      await within(() => expect(read()).toEqual(Buffer.from([i])));
      await close();
    }
    expect(port.path).toBe(path);
  });

  it('loses what no host takes, without blocking, and serves the next host with what comes then', async () => {
    const { port } = await line();
    const block = new Uint8Array(10_000).fill(7);
    for (let i = 0; i < 20; i++) port.write(block);
    await within(() => expect(port.lost).toBeGreaterThan(0));
    const { read } = await host(port.path);
    await within(() => {
      port.write(Uint8Array.from([9]));
      expect(read().at(-1)).toBe(9);
    });
  });

  it('carries half a megabyte to a host that reads, byte for byte', async () => {
    const { port } = await line();
    const { read } = await host(port.path);
    let sent = 0;
    for (let i = 0; i < 1_000; i++) {
      port.write(ALL);
      sent += ALL.length;
      if (i % 20 === 19) await within(() => expect(read().length).toBe(sent));
    }
    expect(port.lost).toBe(0);
    expect(read().every((byte, i) => byte === i % 256)).toBe(true);
  });

  it('is found under its link again after it was unplugged and plugged', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'docket-'));
    toClose.push(() => rmSync(dir, { recursive: true }));
    const link = join(dir, 'dock-1');
    const { port } = await line({ link });
    expect(readlinkSync(link)).toMatch(/^\/dev\//);
    await port.unplug();
    await expect(host(link)).rejects.toThrow(/No such file/);
    await port.plug();
    const { read } = await host(link);
    port.write(ALL);
    await within(() => expect(read()).toEqual(Buffer.from(ALL)));
  });
});
