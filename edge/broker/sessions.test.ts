import mqtt, { type IConnackPacket, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Broker, type DoorSign } from './broker.ts';

const DOOR = 'docket/local/doors/D1';
/** The most that waits for one client, and the most clients with a kept session: see sessions.ts. */
const QUEUED = 200;
const SESSIONS = 100;

let dock: Broker;
beforeEach(async () => {
  dock = new Broker({ host: '127.0.0.1', port: 0 });
  await dock.start();
});
afterEach(() => dock.stop());

const sign = (items: number): DoorSign => ({ state: 'occupied', direction: 'in', items, document: null, undecided: 0, light: 'off' });

/** Connects with a kept session, stays until `count` messages came, and tells whether there was a session and what came. */
async function visit(
  clientId: string,
  count: number,
  more: (client: MqttClient) => Promise<unknown> = async () => undefined,
): Promise<{ present: boolean; heard: number }> {
  const client = mqtt.connect(`mqtt://127.0.0.1:${dock.port}`, { clientId, clean: false, reconnectPeriod: 0 });
  let heard = 0;
  client.on('message', () => {
    heard += 1;
  });
  const connack = await new Promise<IConnackPacket>((resolve) => client.once('connect', resolve));
  await more(client);
  await expect.poll(() => heard, { timeout: 10_000 }).toBeGreaterThanOrEqual(count);
  await client.unsubscribeAsync('docket/local/none');
  await client.endAsync();
  return { present: connack.sessionPresent, heard };
}

const subscribe = (client: MqttClient): Promise<unknown> => client.subscribeAsync(DOOR, { qos: 1 });

/** Resolves when the broker has handled all that was shown before. */
async function settled(): Promise<void> {
  dock.show('D2', sign(1));
  await visit('watcher', 1, (client) => client.subscribeAsync('docket/local/doors/D2', { qos: 0 }));
}

describe('kept sessions of displays', () => {
  it('get what changed meanwhile, once, as long as that is little', async () => {
    await visit('display', 0, subscribe);
    for (let items = 1; items <= QUEUED; items++) dock.show('D1', sign(items));
    await settled();
    expect(await visit('display', QUEUED)).toEqual({ present: true, heard: QUEUED });
    expect(await visit('display', 0)).toEqual({ present: true, heard: 0 });
  });

  it('end when too much waits for them: the display is told and starts anew with the retained state', async () => {
    await visit('display', 0, subscribe);
    for (let items = 1; items <= QUEUED + 1; items++) dock.show('D1', sign(items));
    await settled();
    expect(await visit('display', 0)).toEqual({ present: false, heard: 0 });
    expect(await visit('display', 1, subscribe)).toMatchObject({ heard: 1 });
  });

  it('are as many as may be connected: the oldest that is away gives way', async () => {
    await visit('first', 0, subscribe);
    await visit('second', 0, subscribe);
    for (let n = 0; n < SESSIONS - 1; n++) await visit(`other-${n}`, 0);
    expect(await visit('second', 0)).toMatchObject({ present: true });
    expect(await visit('first', 0)).toMatchObject({ present: false });
  });
});
