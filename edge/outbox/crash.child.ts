import { ADDRESS, CLOCK, passageBody } from './outbox.fixture.ts';
import { Outbox } from './outbox.ts';

/** Appends as fast as it can until it is killed, and prints the passages whose append has resolved. */
const outbox = new Outbox({ path: process.argv[2] ?? '', address: ADDRESS, clock: () => CLOCK });
const run = process.argv[3] ?? '';
for (let i = 0; ; i += 10) {
  const names = Array.from({ length: 10 }, (_, k) => `${run}-${i + k}`);
  const appended = await Promise.all(names.map((name) => outbox.append({ body: passageBody(name) })));
  process.stdout.write(`${appended.map(({ seq }, k) => `${seq} ${names[k]}`).join('\n')}\n`);
  if (i % 50 === 0) outbox.acknowledge(1, Math.max(0, outbox.head().seq - 40));
}
