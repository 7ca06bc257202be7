import { describe, expect, it } from 'vitest';
import type { ByteLink } from '../link/link.ts';
import * as codec from './codec.ts';
import { Exchange, Turns } from './exchange.ts';

const { Multi, Op } = codec;
const LINK: ByteLink = {
  name: 'line',
  hasBaud: false,
  write: async () => undefined,
  setBaud: async () => undefined,
  close: async () => undefined,
};
const frameOf = (bytes: Uint8Array): codec.Frame => new codec.ThingMagicCodec().push(bytes)[0] ?? expect.fail('no frame');
const wrapped = (op: number, ...data: number[]): codec.Frame =>
  frameOf(codec.reply(Op.MULTI_PROTOCOL, 0, Multi.WRAPPED, data.length, op, 0, 0, ...data));

describe('a command and its answer', () => {
  it('belong together by what was wrapped: an answer that comes late is not taken for the next one', async () => {
    const exchange = new Exchange(LINK, 'r1');
    await expect(exchange.ask(codec.wrap(codec.temperature()), 1)).rejects.toMatchObject({ code: 'READER_SILENT' });
    const asked = exchange.ask(codec.wrap(codec.pins()), 1_000);
    expect(exchange.offer(wrapped(Op.TEMPERATURE, 41))).toBe(false);
    expect(exchange.offer(wrapped(Op.GET_GPIO, 1, 1, 0, 1))).toBe(true);
    expect([...(await asked).data]).toEqual([1, 1, 0, 1]);
  });

  it('wait for their turn, also when the one before failed', async () => {
    const turns = new Turns();
    const done: number[] = [];
    const first = turns.take(async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      done.push(1);
      throw new Error('refused');
    });
    const second = turns.take(async () => void done.push(2));
    await expect(first).rejects.toThrow('refused');
    await second;
    expect(done).toEqual([1, 2]);
  });
});
