import { describe, expect, it } from 'vitest';
import { Clock } from './clock.ts';

describe('the clock of a node', () => {
  it('gives wall time, a monotonic time, the boot and the offset once it is known', () => {
    const clock = new Clock();
    clock.start();
    const one = clock.read();
    expect(one.boot).toMatch(/^[0-9a-f]{8}$/);
    expect(Object.hasOwn(one, 'offset')).toBe(false);
    clock.offset = -12.4;
    const two = clock.read();
    expect(two).toMatchObject({ boot: one.boot, offset: -12 });
    expect(two.mono).toBeGreaterThanOrEqual(one.mono);
    expect([two.wall, two.mono].every(Number.isSafeInteger)).toBe(true);
    expect(typeof two.synced).toBe('boolean');
    clock.stop();
  });

  it('is the same boot for each clock of this machine', () => {
    expect(new Clock().read().boot).toBe(new Clock().read().boot);
  });
});
