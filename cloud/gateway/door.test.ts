import { describe, expect, it } from 'vitest';
import { clientId } from '../../protocol/topics.ts';
import { connectOf, TestClient } from './client.fixture.ts';
import { Door, network } from './door.ts';
import { MAX_REFUSED_SOCKETS } from './limits.ts';
import { objects, type Place, place } from './place.fixture.ts';
import { upgrade } from './upgrade.ts';

const FLOODER = '198.51.100.7';

/** Asks for a socket from an address; counts how often the catalog and a gateway object were asked. */
function doorway(door: Door) {
  const asked = { catalog: 0, gateway: 0 };
  const env = {
    GATEWAY: {
      getByName: (name: string) => {
        asked.gateway++;
        return objects.GATEWAY.getByName(name);
      },
    },
  };
  const open = ({ node }: Place, address: string): Promise<Response> => {
    const headers = { Upgrade: 'websocket', 'Sec-WebSocket-Protocol': 'mqtt', 'cf-connecting-ip': address };
    const known = async (): Promise<boolean> => {
      asked.catalog++;
      return true;
    };
    return upgrade(new Request(`https://hub.test/mqtt/${clientId(node.address)}`, { headers }), env, known, door);
  };
  return { asked, open };
}

describe('a thousand connections at once from one address', () => {
  it('are let in up to the limit, then refused in MQTT, then in HTTP; other addresses and open connections do not notice', async () => {
    const here = await place();
    const there = await place();
    const { asked, open } = doorway(new Door({ burst: 20, perSecond: 0.001 }, { burst: 30, perSecond: 0.001 }));
    const first = TestClient.of(await open(here, FLOODER), 5);
    expect(await first.connect(here.node)).toMatchObject({ reasonCode: 0 });
    const refused: Response[] = [];
    const counts = new Map<number, number>();
    for (let i = 0; i < 999; i++) {
      const response = await open(there, FLOODER);
      counts.set(response.status, (counts.get(response.status) ?? 0) + 1);
      if (response.status === 429) {
        expect(Number(response.headers.get('Retry-After'))).toBeGreaterThan(0);
        await response.body?.cancel();
      } else if (i >= 19) refused.push(response);
      else response.webSocket?.accept();
    }
    expect([...counts].sort()).toEqual([
      [101, 49],
      [429, 950],
    ]);
    expect(asked).toEqual({ catalog: 20, gateway: 20 });
    const five = TestClient.of(refused[0] as Response, 5);
    expect(await five.connect(there.node)).toMatchObject({
      cmd: 'connack',
      reasonCode: 0x9f,
      properties: { userProperties: { code: 'CONNECTION_RATE' } },
    });
    expect((await five.closed).code).toBe(1013);
    const four = TestClient.of(refused[1] as Response, 4);
    expect(await four.connect(there.node)).toMatchObject({ cmd: 'connack', returnCode: 3 });
    expect((await four.closed).code).toBe(1013);
    // One that never says CONNECT does not stay.
    expect((await TestClient.of(refused[2] as Response, 5).closed).code).toBe(1013);
    // Neither is one that sends something else.
    const noise = TestClient.of(refused[3] as Response, 5);
    noise.packet({ cmd: 'pingreq' });
    expect((await noise.closed).code).toBe(1002);
    first.packet({ cmd: 'pingreq' });
    expect(await first.next()).toMatchObject({ cmd: 'pingresp' });
    const neighbour = TestClient.of(await open(there, '198.51.100.8'), 5);
    neighbour.packet(await connectOf(there.node));
    expect(await neighbour.next()).toMatchObject({ cmd: 'connack', reasonCode: 0 });
  });

  it('cannot make the Worker hold more refused sockets than it may', async () => {
    const here = await place();
    const { open } = doorway(new Door({ burst: 0, perSecond: 0.001 }, { burst: 10_000, perSecond: 0.001 }));
    const statuses: number[] = [];
    for (let i = 0; i < MAX_REFUSED_SOCKETS + 20; i++) {
      const response = await open(here, `10.0.0.${i % 250}`);
      statuses.push(response.status);
      if (response.status === 429) await response.body?.cancel();
      else response.webSocket?.accept();
    }
    expect(statuses.filter((status) => status === 101).length).toBeLessThanOrEqual(MAX_REFUSED_SOCKETS);
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(20);
  });
});

describe('an address', () => {
  it('is counted as one with all of its own IPv6 network', () => {
    expect(network('203.0.113.9')).toBe('203.0.113.9');
    expect(network('::ffff:203.0.113.9')).toBe('203.0.113.9');
    expect(network('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
    expect(network('2001:0DB8:1:2::6')).toBe('2001:db8:1:2::/64');
    expect(network('2001:db8::6')).toBe('2001:db8:0:0::/64');
    expect(network('::1')).toBe('0:0:0:0::/64');
    expect(network('')).toBe('');
  });
});
