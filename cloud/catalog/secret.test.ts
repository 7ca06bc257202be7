import { describe, expect, it } from 'vitest';
import { makeSecret, sameSecret, secretHash, secretId } from './secret.ts';

describe('the text of a key', () => {
  it('has the form that secret scanners look for, and never comes twice', () => {
    const made = Array.from({ length: 500 }, makeSecret);
    for (const { id, text } of made) {
      expect(text).toMatch(/^dk_live_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}$/);
      expect(secretId(text)).toBe(id);
    }
    expect(new Set(made.map(({ text }) => text)).size).toBe(500);
    expect(new Set(made.map(({ id }) => id)).size).toBe(500);
  });

  it('is nothing else: too short, too long, another alphabet or prefix', () => {
    const { text } = makeSecret();
    for (const other of [
      text.slice(1),
      text.slice(0, -1),
      `${text}0`,
      text.replace('live', 'test'),
      `${text.slice(0, -1)}-`,
      ` ${text}`,
      `${text}\n`,
    ]) {
      expect(secretId(other), other).toBeUndefined();
    }
  });

  it('is compared whole', async () => {
    const [a, b] = [makeSecret().text, makeSecret().text];
    expect(await sameSecret(a, a)).toBe(true);
    expect(await sameSecret(a, b)).toBe(false);
    expect(await sameSecret(a, a.slice(0, -1))).toBe(false);
    expect(await sameSecret('', '')).toBe(true);
    expect(await secretHash('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});
