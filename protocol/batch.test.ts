import { createPrivateKey, createPublicKey, sign as edSign, verify as edVerify } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { chainAfter, keyId, MAX_PLAIN_BYTES, openBatch, type SealedRecord, sealBatch, signedMessage } from './batch.ts';
import { concat, fromBase64url, fromHex, toHex, utf8 } from './bytes.ts';
import { chainNext, chainStart, commitment } from './chain.ts';
import { DICTIONARY } from './dictionary.ts';
import golden from './vectors/batch.json' with { type: 'json' };

const PKCS8 = Uint8Array.from(Buffer.from('302e020100300506032b657004220420', 'hex'));
const privateKey = createPrivateKey({ key: Buffer.from(concat(PKCS8, new Uint8Array(32).fill(7))), format: 'der', type: 'pkcs8' });
const publicKey = createPublicKey(privateKey);
const raw = fromBase64url((publicKey.export({ format: 'jwk' }) as { x: string }).x) as Uint8Array;
const sign = (message: Uint8Array): Uint8Array => Uint8Array.from(edSign(null, message, privateKey));

const address = { tenant: 'demo', site: 'LYON', node: 'dock-1' };
const records: SealedRecord[] = [1, 2, 3].map((n) => ({ salt: new Uint8Array(16).fill(n), body: utf8(`{"n":${n},"type":"x","v":1}`) }));
const header = { ...address, epoch: 1, first: 1, before: chainStart(address, 1), key: keyId(raw), sentAt: 1_764_000_000_000 };
const sealed = await sealBatch(header, records, sign);
const code = (value: string) => expect.objectContaining({ code: value });

/** The offset at which the salts begin. */
const salts = 67 + new DataView(sealed.buffer).getUint16(65);

describe('batches', () => {
  it('are read back with header, salts and the very bytes of the bodies', () => {
    const batch = openBatch(sealed);
    expect(batch.header).toEqual({ ...header, count: 3, after: chainAfter(header.before, records) });
    expect(batch.records).toEqual(records);
    expect(edVerify(null, signedMessage(batch.headerBytes), publicKey, batch.signature)).toBe(true);
  });

  it('are the bytes of the golden vector, so that another implementation can be held against this one', () => {
    expect(toHex(raw)).toBe(golden.publicKey);
    expect(toHex(chainStart(address, 1))).toBe(golden.chainStart);
    expect(golden.records.map(({ salt, body }) => toHex(commitment(fromHex(salt) as Uint8Array, utf8(body))))).toEqual(
      golden.records.map((one) => one.commitment),
    );
    const batch = openBatch(fromHex(golden.batch) as Uint8Array);
    expect(toHex(batch.header.after)).toBe(golden.chainAfter);
    expect(batch.records).toEqual(records);
    expect(edVerify(null, signedMessage(batch.headerBytes), publicKey, batch.signature)).toBe(true);
  });

  it('of version 2 are 28 bytes shorter and sign the very same header', () => {
    const [long, short] = [golden.batch, golden.batch2].map((hex) => fromHex(hex) as Uint8Array) as [Uint8Array, Uint8Array];
    expect(long.length - short.length).toBe(28);
    expect(openBatch(short)).toEqual(openBatch(long));
    expect(short).toEqual(sealed);
  });

  it('chain each commitment onto the value before', () => {
    let chain = header.before;
    for (const { salt, body } of records) chain = chainNext(chain, commitment(salt, body));
    expect(chainAfter(header.before, records)).toEqual(chain);
    expect(chainStart(address, 2)).not.toEqual(chainStart(address, 1));
    expect(chainStart({ ...address, node: 'dock-2' }, 1)).not.toEqual(chainStart(address, 1));
  });

  it('take another raw deflate that knows the dictionary', async () => {
    const other = await sealBatch(header, records, sign, (plain) => deflateRawSync(plain, { dictionary: DICTIONARY }));
    expect(openBatch(other).records).toEqual(records);
  });

  it('are refused with a Fault when cut off at any byte', () => {
    for (let length = 0; length < sealed.length; length++) {
      expect(() => openBatch(sealed.slice(0, length)), `cut at ${length}`).toThrowError(expect.objectContaining({ name: 'Fault' }));
    }
  });

  it('are refused or fail their signature when any bit is flipped', () => {
    for (let at = 0; at < sealed.length; at++) {
      const other = Uint8Array.from(sealed);
      other[at] = (other[at] as number) ^ 1;
      let verified = false;
      try {
        const batch = openBatch(other);
        verified = edVerify(null, signedMessage(batch.headerBytes), publicKey, batch.signature);
      } catch (error) {
        expect(error).toMatchObject({ name: 'Fault' });
      }
      expect(verified, `bit flipped in byte ${at}`).toBe(false);
    }
  });

  it('of another version are refused as such', () => {
    expect(() => openBatch(Uint8Array.from(sealed, (byte, i) => (i === 0 ? 3 : byte)))).toThrowError(code('VERSION'));
  });

  it('with a body that was exchanged break the chain', () => {
    const plain = concat(
      ...records.flatMap(({ body }, i) => [Uint8Array.of(0, 0, 0, body.length), i === 1 ? utf8('{"n":9,"type":"x","v":1}') : body]),
    );
    const forged = concat(sealed.slice(0, salts + 48), Uint8Array.from(deflateRawSync(plain, { dictionary: DICTIONARY })));
    expect(() => openBatch(forged)).toThrowError(code('CHAIN'));
  });

  it('that inflate beyond the cap are refused without inflating all of it', () => {
    const bomb = concat(
      sealed.slice(0, salts + 48),
      Uint8Array.from(deflateRawSync(new Uint8Array(64 * MAX_PLAIN_BYTES), { dictionary: DICTIONARY })),
    );
    expect(() => openBatch(bomb)).toThrowError(code('BATCH_INVALID'));
  });

  it('of no record, or of more than fit, cannot be sealed', async () => {
    await expect(sealBatch(header, [], sign)).rejects.toMatchObject({ code: 'BATCH_INVALID' });
    await expect(
      sealBatch(
        header,
        Array.from({ length: 257 }, () => records[0] as SealedRecord),
        sign,
      ),
    ).rejects.toMatchObject({ code: 'BATCH_INVALID' });
  });
});
