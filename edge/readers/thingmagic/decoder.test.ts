import { expect, it } from 'vitest';
import { concat } from '../../../protocol/bytes.ts';
import { cycleEnd, tagRecord } from './codec.ts';
import { countReads } from './decoder.ts';

it('every record of a long buffer becomes a read, whatever the size of its pieces', () => {
  const record = (timestamp: number): Uint8Array => tagRecord({ epc: '3034257BF7194E4000001A85', antenna: 1, rssi: -50, timestamp }, 0x1ff);
  const buffer = concat(...Array.from({ length: 1_000 }, (_, i) => (i % 100 === 99 ? cycleEnd() : record(i % 100))));
  for (const piece of [1, 47, 64, 4_095, 4_096, buffer.length]) expect(countReads(buffer, 0, piece)).toBe(990);
});
