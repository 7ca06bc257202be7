import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SseEvent, SseParser } from './sse.ts';

const STREAM = [
  'retry: 1000\n\n',
  ': still here\n\n',
  'id: 41\nevent: entry\ndata: {"index":41}\n\n',
  'event: node\r\ndata: {"site":"LYON"}\r\n\r\n',
  'id: 42\rdata: one\rdata:two\r\r',
  'event: lonely\n\n',
  'data\n\n',
].join('');

const EVENTS: SseEvent[] = [
  { id: '41', event: 'entry', data: '{"index":41}' },
  { id: '41', event: 'node', data: '{"site":"LYON"}' },
  { id: '42', event: 'message', data: 'one\ntwo' },
  { id: '42', event: 'message', data: '' },
];

const read = (...pieces: string[]): SseEvent[] => {
  const parser = new SseParser();
  return pieces.flatMap((piece) => parser.push(piece));
};

describe('the event stream', () => {
  it('is read the same however it is cut', () => {
    for (let cut = 0; cut <= STREAM.length; cut++) expect(read(STREAM.slice(0, cut), STREAM.slice(cut)), `cut at ${cut}`).toEqual(EVENTS);
    expect(read(...STREAM)).toEqual(EVENTS);
  });

  it('gives nothing of an event that has not ended, so that a resume sends it again', () => {
    expect(read('id: 7\ndata: x\n')).toEqual([]);
  });

  it('never throws on garbage', () => {
    fc.assert(fc.property(fc.array(fc.string({ unit: 'binary' })), (pieces) => void read(...pieces)));
  });

  it('gives up on an event without an end', () => {
    const parser = new SseParser();
    expect(() => {
      for (let i = 0; i < 20; i++) parser.push(`data: ${'x'.repeat(1_000_000)}\n`);
    }).toThrow(RangeError);
  });
});
