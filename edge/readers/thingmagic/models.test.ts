import { expect, it } from 'vitest';
import { modelOf, onlyPolled, wrapsCommands } from './codec.ts';
import { ratesToTry } from './rates.ts';

it.each([
  ['an M6e before 1.21.1.25', 0x18, '01210118', false],
  ['an M6e from 1.21.1.25 on', 0x18, '01210119', true],
  ['a Micro before 1.9.0.20', 0x20, '01080121', false],
  ['a Micro from 1.9.0.20 on', 0x20, '01090014', true],
  ['a Nano before 1.7.0.14', 0x30, '0107000D', false],
  ['a Nano after 1.7.0.14', 0x30, '02000000', true],
  ['every M7e', 0x38, '00000000', true],
  ['a module that nobody knows, until it does not answer', 0xa1, '00000000', true],
])('commands into a stream are taken or not: %s', (_name, hardware, firmware, wraps) => {
  expect(wrapsCommands(hardware, Uint8Array.from(Buffer.from(firmware, 'hex')))).toBe(wraps);
});

it('only the M5e generation is polled from the start', () => {
  expect([0, 1, 2, 3, 0x18, 0x20, 0x30, 0x38, 0xa1].map(onlyPolled)).toEqual([true, true, true, true, false, false, false, false, false]);
  expect([0, 0x38, 0xa1].map(modelOf)).toEqual(['M5e', 'M7e', 'ThingMagic a1']);
});

it('a rate that worked and the one after a loss of power are tried first and between all others', () => {
  expect(ratesToTry({ baud: 115_200 }, undefined).slice(0, 3)).toEqual([115_200, 115_200, 921_600]);
  const rates = ratesToTry({ baud: 115_200 }, 921_600);
  expect(rates.slice(0, 3)).toEqual([921_600, 115_200, 921_600]);
  for (let i = 0; i + 3 <= rates.length; i++) {
    expect(rates.slice(i, i + 3)).toContain(115_200);
    expect(rates.slice(i, i + 3)).toContain(921_600);
  }
  expect(new Set(rates)).toEqual(new Set(ratesToTry({}, undefined)));
});
