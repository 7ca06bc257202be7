import { expect, it } from 'vitest';
import { Duties, type Duty } from './duties.ts';

/** An object with a clock and one alarm, which rings when the clock is moved on. */
class Clockwork {
  time = 1_000;
  at: number | null = null;
  sets = 0;
  readonly logged: string[] = [];
  readonly host = {
    setAlarm: async (at: number): Promise<void> => {
      this.at = at;
      this.sets += 1;
    },
    now: (): number => this.time,
    log: ({ duty, text }: { duty: string; text: string }): void => void this.logged.push(`${duty}: ${text}`),
  };

  /** Lets `ms` pass, ringing when due. */
  async pass(duties: Duties, ms: number): Promise<void> {
    const end = this.time + ms;
    while (this.at !== null && this.at <= end) {
      this.time = Math.max(this.time, this.at);
      this.at = null;
      await duties.alarm();
      this.time += 1;
    }
    this.time = Math.max(end, this.time);
  }
}

/** A duty that notes when it ran and answers what `waits` says, then null. */
function scripted(name: string, clock: Clockwork, ...waits: (number | null | Error)[]): Duty & { readonly ran: number[] } {
  const ran: number[] = [];
  const run = (): number | null => {
    ran.push(clock.time);
    const next = waits.shift() ?? null;
    if (next instanceof Error) throw next;
    return next;
  };
  return { name, run, ran };
}

it('runs every duty once after a start, then each when it asked for', async () => {
  const clock = new Clockwork();
  const [fast, slow, idle] = [scripted('fast', clock, 10, 10), scripted('slow', clock, 100, 100, 100), scripted('idle', clock)];
  const duties = new Duties([fast, slow, idle], clock.host);
  await duties.begin();
  await duties.begin();
  expect([clock.at, clock.sets]).toEqual([1_000, 1]);
  await clock.pass(duties, 150);
  expect(fast.ran.slice(0, 3)).toEqual([1_000, 1_010, 1_020]);
  expect(slow.ran).toEqual([1_000, 1_100]);
  // One with nothing to do is asked whenever the alarm goes off, and sets none.
  expect(idle.ran).toEqual([1_000, 1_010, 1_020, 1_100]);
});

it('runs a duty that is woken at once, and sets no alarm that is set already', async () => {
  const clock = new Clockwork();
  const [a, b] = [scripted('a', clock, 60_000, 60_000, 60_000), scripted('b', clock)];
  const duties = new Duties([a, b], clock.host);
  await duties.begin();
  await clock.pass(duties, 10);
  const { sets } = clock;
  await duties.wake('b');
  await duties.wake('b');
  expect([clock.at, clock.sets]).toEqual([1_010, sets + 1]);
  await clock.pass(duties, 10);
  expect(b.ran.at(-1)).toBe(1_010);
  expect(a.ran).toEqual([1_000]);
  await clock.pass(duties, 60_000);
  expect(a.ran).toHaveLength(2);
});

it('logs a duty that throws, tries it again more and more seldom, and lets the others go on', async () => {
  const clock = new Clockwork();
  const bad = scripted('bad', clock, ...Array.from({ length: 5 }, (_, n) => new Error(`no ${n}`)));
  const good = scripted('good', clock, 500, 500);
  const duties = new Duties([bad, good], clock.host);
  await duties.begin();
  await clock.pass(duties, 20_000);
  expect(clock.logged).toEqual(['bad: no 0', 'bad: no 1', 'bad: no 2', 'bad: no 3', 'bad: no 4']);
  expect(bad.ran.slice(0, 5)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000]);
  expect(good.ran.slice(0, 3)).toEqual([1_000, 1_500, 2_000]);
});
