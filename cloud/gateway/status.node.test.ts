import { describe, expect, it } from 'vitest';
import { utf8 } from '../../protocol/bytes.ts';
import type { NodeStatus } from '../../protocol/command.ts';
import { MAX_STATUS_BYTES } from './limits.ts';
import { readStatus } from './status.ts';

const whole: NodeStatus = {
  v: 1,
  online: true,
  at: 1_795_000_000_000,
  epoch: 1,
  seq: 0,
  queued: 7,
  clock: { offset: null, synced: false },
  readers: [{ id: 'r1', state: 'reading', readsPerSecond: 412.4 }],
  outbox: { items: 0, bytes: 0, limitItems: 1, limitBytes: 1, level: 'ok', notices: 0 },
  version: '0.1.0',
};
const read = (status: unknown): unknown => readStatus(utf8(typeof status === 'string' ? status : JSON.stringify(status)));

describe('a node status', () => {
  it('is taken with all its members, with the least, and with members of a later version', () => {
    for (const status of [whole, { v: 1, online: false }, { ...whole, clock: { offset: -3000, synced: true, source: 'ntp' }, later: [{}] }])
      expect(read(status)).toEqual(status);
  });

  it('is refused when a member is not what every page relies on', () => {
    const wrong: Readonly<Record<string, readonly unknown[]>> = {
      v: [2, '1', null],
      online: ['true', 1, null],
      at: [{ x: 1 }, '1', 1.5, null],
      epoch: ['1', null],
      seq: [[], 2 ** 60],
      queued: ['many', null],
      clock: [null, [], {}, { offset: '0', synced: true }, { offset: 0, synced: 1 }],
      readers: ['x', {}, null, [null], [{ id: 'r1' }], [{ id: {}, state: 'reading', readsPerSecond: 1 }], [[]]],
      outbox: [null, 'full', {}, { ...whole.outbox, level: {} }, { ...whole.outbox, notices: '1' }],
      version: [{ major: 1 }, 1, null],
    };
    for (const [name, values] of Object.entries(wrong))
      for (const value of values) expect(read({ ...whole, [name]: value }), `${name} ${JSON.stringify(value)}`).toBeUndefined();
    expect(read('{"v":1,"online":true,"at":1e999}')).toBeUndefined();
  });

  it('is refused when it is no JSON, no object, no UTF-8 or too long', () => {
    for (const text of ['', '{', 'null', '[]', '1', '"x"']) expect(read(text), text).toBeUndefined();
    expect(readStatus(Uint8Array.of(0xff))).toBeUndefined();
    expect(read({ ...whole, more: 'x'.repeat(MAX_STATUS_BYTES) })).toBeUndefined();
  });
});
