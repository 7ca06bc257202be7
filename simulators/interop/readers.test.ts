import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { type NetworkDock, openNetworkDock, READERS } from '../e2e/network.fixture.ts';
import { impinjEvent, impinjTag } from '../reader/network/impinj.ts';
import { zebraHeartbeat, zebraTag } from '../reader/network/zebra.ts';
import type { Pass } from '../warehouse.ts';

let dock: NetworkDock;
beforeAll(async () => {
  dock = await openNetworkDock('readers', 20_261_124);
});
afterAll(() => dock.close());

/** Runs Debian's mosquitto_pub as a reader; resolves with its exit code. */
async function mosquitto(reader: keyof typeof READERS, topic: string, more: readonly string[], input = ''): Promise<number | null> {
  const { user, password } = READERS[reader];
  const args = [
    '-h',
    '127.0.0.1',
    '-p',
    String(dock.brokerPort),
    '-u',
    user,
    '-P',
    password,
    '-i',
    'reader',
    '-k',
    '60',
    '-q',
    '1',
    '-t',
    topic,
  ];
  const child = spawn(process.env['MOSQUITTO_PUB'] ?? 'mosquitto_pub', [...args, ...more], { stdio: ['pipe', 'ignore', 'ignore'] });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return ended;
}

/** Publishes each line as a message; resolves when all are acknowledged. */
function publish(reader: keyof typeof READERS, lines: readonly string[]): Promise<number | null> {
  return mosquitto(reader, `docket/readers/${READERS[reader].user}/data`, ['-l'], `${lines.join('\n')}\n`);
}

/** A pallet that went through a minute ago, as the reader wrote it down. */
function pallet(door: string): { pass: Pass; at: (ms: number) => number } {
  const [pass] = dock.warehouse.passes(dock.warehouse.nextDelivery(), door);
  if (pass === undefined) throw new RangeError('a delivery without a pallet');
  const start = Date.now() - 60_000;
  return { pass, at: (ms) => start + ms };
}

describe("mosquitto_pub as a reader at a node's broker", () => {
  it('with the events of an R700 brings a pallet into the ledger', async () => {
    onTestFailed(() => console.log(dock.log.slice(-40).join('\n')));
    const { pass, at } = pallet('D1');
    const status = JSON.stringify(impinjEvent('inventoryStatus', { inventoryStatus: 'running' }, at(0)));
    const tags = pass.sightings.map((sighting) => JSON.stringify(impinjTag(sighting, at(sighting.at))));
    expect(await publish('r700', [status, ...tags])).toBe(0);
    dock.warehouse.drove(pass);
    await dock.settle();
  });

  it('with the events of a Zebra, several in a message without a separator, brings a pallet into the ledger', async () => {
    onTestFailed(() => console.log(dock.log.slice(-40).join('\n')));
    const { pass, at } = pallet('D2');
    const counters = { retained: 0, dropped: 0, antennas: new Map([[1, true]]), inputs: new Map([[1, false]]) };
    const tags = pass.sightings.map((sighting, i) => JSON.stringify(zebraTag(sighting, i + 1, at(sighting.at))));
    const lines = Array.from({ length: Math.ceil(tags.length / 3) }, (_, i) => tags.slice(i * 3, i * 3 + 3).join(''));
    expect(await publish('zebra', [JSON.stringify(zebraHeartbeat(counters, 1, at(0))), ...lines])).toBe(0);
    dock.warehouse.drove(pass);
    await dock.settle();
  });

  it('that sends everything once more changes nothing', async () => {
    const { pass, at } = pallet('D2');
    const lines = pass.sightings.map((sighting, i) => JSON.stringify(zebraTag(sighting, i + 10_000, at(sighting.at))));
    for (let i = 0; i < 2; i++) expect(await publish('zebra', lines)).toBe(0);
    dock.warehouse.drove(pass);
    await dock.settle();
    const before = (await dock.edge.panel.state()).doubtsTotal;
    expect(await publish('zebra', lines)).toBe(0);
    await dock.settle();
    expect((await dock.edge.panel.state()).doubtsTotal).toBe(before);
  });

  it('publishes nowhere else, and not with another password', async () => {
    const own = `docket/readers/${READERS.r700.user}/data`;
    expect(await mosquitto('r700', own, ['-m', '{}'])).toBe(0);
    for (const topic of [`docket/readers/${READERS.zebra.user}/data`, 'docket/local/doors/D1'])
      expect(await mosquitto('r700', topic, ['-m', '{}']), topic).not.toBe(0);
    expect(await mosquitto('r700', own, ['-m', '{}', '-P', 'a-bad-password'])).not.toBe(0);
  });
});
