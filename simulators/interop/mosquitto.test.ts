import { type ChildProcess, spawn } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { Broker, type DoorSign } from '../../edge/broker/broker.ts';

const SIGN: DoorSign = { state: 'occupied', direction: 'out', items: 42, document: 'BL-7', undecided: 1, light: 'off' };
const CREDENTIALS = { user: 'lights', password: 'a-good-password' };
/** Return codes of MQTT 3.1.1 as mosquitto's clients give them back. */
const BAD_CREDENTIALS = 4;
const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function broker(credentials?: typeof CREDENTIALS): Promise<Broker> {
  const made = new Broker({ host: '127.0.0.1', port: 0, credentials });
  await made.start();
  ends.push(() => made.stop());
  return made;
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs mosquitto_sub or mosquitto_pub; `line` hears what it prints. */
function run(
  program: 'sub' | 'pub',
  port: number,
  args: readonly string[],
  line?: (text: string) => void,
): { child: ChildProcess; ended: Promise<Ended> } {
  const file = process.env[program === 'sub' ? 'MOSQUITTO_SUB' : 'MOSQUITTO_PUB'] ?? `mosquitto_${program}`;
  const child = spawn(file, ['-h', '127.0.0.1', '-p', String(port), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += String(chunk);
    line?.(String(chunk));
  });
  child.stderr.on('data', (chunk) => {
    err += String(chunk);
  });
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, out, err })));
  ends.push(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { child, ended };
}

describe("mosquitto's clients at the dock's broker", () => {
  it('mosquitto_sub gets the retained state of a door, and a change', async () => {
    const dock = await broker();
    dock.show('D1', SIGN);
    let changed = false;
    // Two messages, then it ends by itself.
    const sub = run('sub', dock.port, ['-t', 'docket/local/doors/+', '-v', '-C', '2', '-q', '1'], () => {
      if (!changed) dock.show('D1', { ...SIGN, items: 43 });
      changed = true;
    });
    const { code, out } = await sub.ended;
    const lines = out.trim().split('\n');
    expect(code).toBe(0);
    expect(lines.map((text) => text.slice(0, text.indexOf(' ')))).toEqual(['docket/local/doors/D1', 'docket/local/doors/D1']);
    expect(lines.map((text) => JSON.parse(text.slice(text.indexOf(' '))) as unknown)).toEqual([SIGN, { ...SIGN, items: 43 }]);
  });

  it('mosquitto_pub publishes nothing: the connection ends, and no display hears it', async () => {
    const dock = await broker();
    const heard: string[] = [];
    const sub = run('sub', dock.port, ['-t', 'docket/local/#', '-v', '-C', '1'], (text) => heard.push(text));
    // Debug output says when the subscription stands.
    dock.show('D9', SIGN);
    await sub.ended;
    const pub = run('pub', dock.port, ['-t', 'docket/local/doors/D1', '-m', '{"state":"free"}', '-q', '1', '-r']);
    expect((await pub.ended).code).not.toBe(0);
    const later = run('sub', dock.port, ['-t', 'docket/local/#', '-v', '-C', '1']);
    expect((await later.ended).out).toMatch(/^docket\/local\/doors\/D9 /);
    expect(heard.join('')).not.toContain('"free"');
  });

  it('refuses what is not its own to subscribe', async () => {
    const dock = await broker();
    for (const filter of ['#', '$SYS/#', 'docket/1/#']) {
      const { out, err } = await run('sub', dock.port, ['-t', filter, '-C', '1']).ended;
      expect(`${out}${err}`, filter).toMatch(/all subscription requests were denied/i);
    }
  });

  it('lets nobody in without the right name and password, once it has any', async () => {
    const dock = await broker(CREDENTIALS);
    dock.show('D1', SIGN);
    const ask = ['-t', 'docket/local/doors/D1', '-C', '1'];
    for (const wrong of [[], ['-u', 'lights'], ['-u', 'lights', '-P', 'a-bad-password'], ['-u', 'light', '-P', CREDENTIALS.password]]) {
      const { code, err } = await run('sub', dock.port, [...ask, ...wrong]).ended;
      expect(code, wrong.join(' ')).toBe(BAD_CREDENTIALS);
      expect(err).toMatch(/not authori[sz]ed|bad user ?name or password/i);
    }
    const { code, out } = await run('sub', dock.port, [...ask, '-u', CREDENTIALS.user, '-P', CREDENTIALS.password]).ended;
    expect([code, JSON.parse(out)]).toEqual([0, SIGN]);
  });
});
