import { createServer, connect as tcp } from 'node:net';
import mqtt, { type MqttClient } from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import { Broker, type DoorSign } from './broker.ts';

const SIGN: DoorSign = { state: 'occupied', direction: 'in', items: 12, document: 'DA-1', undecided: 0, light: 'off' };
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function broker(): Promise<Broker> {
  const made = new Broker({ host: '127.0.0.1', port: 0 });
  await made.start();
  ends.push(() => made.stop());
  return made;
}

async function client(port: number): Promise<MqttClient> {
  const made = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 0 });
  ends.push(() => made.endAsync(true));
  return made;
}

const next = (one: MqttClient): Promise<{ topic: string; value: unknown }> =>
  new Promise((resolve) => one.once('message', (topic, payload) => resolve({ topic, value: JSON.parse(payload.toString()) })));

describe('the broker at the dock', () => {
  it('gives a display the state of a door when it comes, and each change', async () => {
    const dock = await broker();
    dock.show('D1', SIGN);
    const light = await client(dock.port);
    const first = next(light);
    await light.subscribeAsync('docket/local/doors/+');
    expect(await first).toEqual({ topic: 'docket/local/doors/D1', value: SIGN });
    const second = next(light);
    dock.show('D1', SIGN);
    dock.show('D1', { ...SIGN, items: 13 });
    expect(await second).toMatchObject({ value: { items: 13 } });
  });

  it('refuses what a client publishes, and cuts it off', async () => {
    const dock = await broker();
    const [light, bad] = [await client(dock.port), await client(dock.port)];
    await light.subscribeAsync('docket/local/#');
    const heard: string[] = [];
    light.on('message', (topic) => heard.push(topic));
    const closed = new Promise<void>((resolve) => bad.once('close', () => resolve()));
    bad.publish('docket/local/doors/D1', 'a lie', { qos: 1, retain: true }, () => undefined);
    await closed;
    const told = next(light);
    dock.show('D1', SIGN);
    await told;
    expect(heard).toEqual(['docket/local/doors/D1']);
  });

  it('refuses subscriptions outside its own topics', async () => {
    const dock = await broker();
    const light = await client(dock.port);
    await expect(light.subscribeAsync('#')).rejects.toThrow();
    await expect(light.subscribeAsync('$SYS/#')).rejects.toThrow();
    expect(await light.subscribeAsync('docket/local/doors/D1')).toMatchObject([{ qos: 0 }]);
  });

  it('survives a client that speaks no MQTT', async () => {
    const dock = await broker();
    await new Promise<void>((resolve) => {
      const socket = tcp(dock.port, '127.0.0.1', () => socket.end('GET / HTTP/1.1\r\n\r\n'));
      socket.on('close', () => resolve());
      socket.on('error', () => undefined);
      socket.resume();
    });
    const light = await client(dock.port);
    expect(light.connected).toBe(true);
  });

  it('cuts a client off that sends a packet of megabytes, before it is whole', async () => {
    const dock = await broker();
    const socket = tcp(dock.port, '127.0.0.1');
    socket.on('error', () => undefined);
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    // CONNECT as "big", then a PUBLISH that announces 256 MB.
    socket.write(
      Uint8Array.from([0x10, 15, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60, 0, 3, 0x62, 0x69, 0x67, 0x30, 0xff, 0xff, 0xff, 0x7f]),
    );
    for (let i = 0; i < 64; i++) socket.write(new Uint8Array(65_536));
    await closed;
    expect((await client(dock.port)).connected).toBe(true);
  });

  it('takes a hundred connections and no more, also when they come at once', async () => {
    const dock = await broker();
    const sockets = Array.from({ length: 120 }, () => tcp(dock.port, '127.0.0.1'));
    let cut = 0;
    for (const socket of sockets) socket.on('error', () => undefined).on('close', () => cut++);
    await expect.poll(() => cut).toBe(20);
    for (const socket of sockets) socket.destroy();
  });

  it('says which port is taken and how to choose another', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ends.push(() => new Promise((resolve) => server.close(resolve)));
    const port = (server.address() as { port: number }).port;
    const dock = new Broker({ host: '127.0.0.1', port });
    await expect(dock.start()).rejects.toMatchObject({ code: 'PORT_TAKEN', message: expect.stringContaining(String(port)) });
    await dock.stop();
  });

  it('stops with displays and silent connections open', async () => {
    const dock = new Broker({ host: '127.0.0.1', port: 0 });
    await dock.start();
    const light = await client(dock.port);
    const silent = tcp(dock.port, '127.0.0.1');
    silent.on('error', () => undefined);
    await new Promise<void>((resolve) => silent.once('connect', () => resolve()));
    const closed = [light, silent].map((one) => new Promise<void>((resolve) => one.once('close', () => resolve())));
    await dock.stop();
    await Promise.all(closed);
  });
});
