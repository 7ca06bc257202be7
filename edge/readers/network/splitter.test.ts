import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonSplitter } from './splitter.ts';

const LIMIT = 10_000;
const container = fc.oneof(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), fc.array(fc.jsonValue({ maxDepth: 3 })));

describe('the splitter', () => {
  it('finds every value of a stream, cut anywhere, with and without space between', () => {
    fc.assert(
      fc.property(fc.array(container, { maxLength: 5 }), fc.constantFrom('', '\n', ' ,\t'), fc.array(fc.nat()), (values, between, cuts) => {
        const texts = values.map((value) => JSON.stringify(value));
        const stream = texts.join(between);
        const places = [...new Set(cuts.map((cut) => cut % (stream.length + 1)))].sort((a, b) => a - b);
        const splitter = new JsonSplitter(LIMIT);
        const found = [...places, stream.length].flatMap((place, i) => splitter.push(stream.slice(places[i - 1] ?? 0, place)));
        splitter.end();
        expect([found, splitter.garbage]).toEqual([texts, 0]);
      }),
    );
  });

  it('counts a stretch of garbage once and goes on behind it', () => {
    const splitter = new JsonSplitter(LIMIT);
    expect(splitter.push('oops{"a":"}"} }} {"b":[1}{"c":2}')).toEqual(['{"a":"}"}', '{"c":2}']);
    expect(splitter.garbage).toBe(3);
  });

  it('gives up a piece that grows too long or too deep, and an unfinished end', () => {
    const splitter = new JsonSplitter(20);
    expect(splitter.push(`{"a":"${'x'.repeat(50)}"}{"b":1}`)).toEqual(['{"b":1}']);
    expect(splitter.push(`${'['.repeat(40)}`)).toEqual([]);
    splitter.end();
    expect(splitter.push('{"c":1}')).toEqual(['{"c":1}']);
    expect(splitter.garbage).toBeGreaterThanOrEqual(2);
  });
});
