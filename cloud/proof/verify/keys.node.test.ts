import { describe, expect, it } from 'vitest';
import { keyId } from '../../../protocol/batch.ts';
import { toBase64url } from '../../../protocol/bytes.ts';
import { keyPair } from './export.fixture.ts';
import { Keys } from './keys.ts';

const { publicKey } = keyPair(1);
const ID = keyId(publicKey);
const NODE = { site: 'LYON', node: 'dock-1' };
const register = { ...NODE, v: 1, action: 'register', publicKey: toBase64url(publicKey) };

/** Device entries, each at the time of ten times its index. */
function keysOf(...values: Record<string, unknown>[]): Keys {
  const keys = new Keys();
  for (const [index, value] of values.entries()) expect(keys.add(index, index * 10, value)).toBeUndefined();
  return keys;
}

describe('a key of a node', () => {
  it('signs after the entry that registers it, and for that node alone', () => {
    const keys = keysOf({ ...register, node: 'dock-2' }, register);
    expect(keys.at('LYON/dock-1', ID, 1, 10)).toContain('no entry before registers');
    expect(keys.at('LYON/dock-1', ID, 2, 10)).toMatchObject({ type: 'public' });
    expect(keys.at('LYON/dock-3', ID, 2, 10)).toContain('no entry before registers');
  });

  it('signs from the time that is named, and until it is revoked, which does not undo what came before', () => {
    const from = keysOf({ ...register, from: 500 });
    expect(from.at('LYON/dock-1', ID, 9, 499)).toContain('valid from 500');
    expect(from.at('LYON/dock-1', ID, 9, 500)).toMatchObject({ type: 'public' });
    const keys = keysOf(register, { ...NODE, action: 'revoke', key: ID, to: 60 }, { ...NODE, action: 'revoke', key: ID, to: 90 });
    expect(keys.at('LYON/dock-1', ID, 3, 59)).toMatchObject({ type: 'public' });
    expect(keys.at('LYON/dock-1', ID, 3, 60)).toContain('revoked as of 60');
    expect(keys.at('LYON/dock-1', ID, 1, 60)).toMatchObject({ type: 'public' });
  });

  it('signs nothing while the node is in quarantine', () => {
    const keys = keysOf(register, { ...NODE, action: 'quarantine' }, { ...NODE, action: 'release' });
    expect(keys.at('LYON/dock-1', ID, 2, 20)).toContain('quarantined by entry 1');
    expect(keys.at('LYON/dock-1', ID, 3, 20)).toMatchObject({ type: 'public' });
  });

  it('is refused where an entry says what this verifier does not know', () => {
    const keys = new Keys();
    expect(keys.add(0, 0, { ...NODE, action: 'lend' })).toContain('lend');
    expect(keys.add(0, 0, { ...register, publicKey: 'AAAA' })).toContain('no Ed25519 key');
    expect(keys.add(0, 0, { action: 'register' })).toContain('names no node');
  });
});
