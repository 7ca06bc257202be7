import { type Measure, round } from './measure.ts';
import { passageBody } from './outbox.ts';
import { clock, openHub, Relay, until } from './setup.ts';

const PASSAGES = 60;
const ITEMS = 50;
/** The first publishes carry what later ones leave out (topic alias), and the status that follows a connect. */
const WARM = 10;

/** uplink.bytesPerItem: one passage a publish as on a quiet day, all bytes of WebSocket and MQTT in both directions. */
export async function run(): Promise<Measure[]> {
  const hub = await openHub();
  const relay = await Relay.open(hub.port);
  const uplink = hub.uplink(relay.port);
  try {
    uplink.start();
    await until(() => uplink.state().state === 'online', 'the uplink comes online');
    let from = 0;
    for (let n = 0; n < WARM + PASSAGES; n++) {
      if (n === WARM) from = relay.bytes;
      await hub.outbox.append([{ body: passageBody(n, clock()) }]);
      await until(() => hub.outbox.queued() === 0, 'the passage is acknowledged');
    }
    const bytes = relay.bytes - from;
    const params = {
      passages: PASSAGES,
      items: ITEMS,
      serials: 'random 38 bit',
      publish: 'one passage',
      direction: 'both, without TCP and IP headers',
    };
    return [{ name: 'uplink.bytesPerItem', value: round(bytes / (PASSAGES * ITEMS)), unit: 'bytes/item', params }];
  } finally {
    await uplink.stop();
    relay.close();
    await hub.close();
  }
}
