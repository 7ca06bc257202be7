import { deflateSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { MAX_PLAIN_BYTES, openBatch } from '../../protocol/batch.ts';
import { DICTIONARY } from '../../protocol/dictionary.ts';
import { inflateBatch } from './inflate.ts';
import { SigningNode } from './node.fixture.ts';

const deflate = (plain: Uint8Array): Uint8Array => deflateSync(plain, { level: 9, dictionary: DICTIONARY });

describe('the platform inflate', () => {
  it('reads what the protocol reads', async () => {
    const node = await SigningNode.make({ tenant: 'demo', site: 'LYON', node: 'dock-1' });
    node.record(20, 30);
    const bytes = await node.batch(1, 20);
    const batch = openBatch(bytes, inflateBatch);
    expect(batch).toEqual(openBatch(bytes));
    // Each body is its own array: a view would carry the whole batch with it.
    expect(batch.records.every(({ body }) => body.buffer.byteLength === body.length)).toBe(true);
  });

  it('refuses a bomb and a stream that is cut off', () => {
    expect(inflateBatch(deflate(new Uint8Array(MAX_PLAIN_BYTES))).length).toBe(MAX_PLAIN_BYTES);
    expect(() => inflateBatch(deflate(new Uint8Array(64 * MAX_PLAIN_BYTES)))).toThrow();
    const whole = deflate(crypto.getRandomValues(new Uint8Array(1000)));
    expect(() => inflateBatch(whole.subarray(0, 900))).toThrow();
    expect(() => inflateBatch(new Uint8Array([0xff, 0xff, 0xff]))).toThrow();
  });
});
