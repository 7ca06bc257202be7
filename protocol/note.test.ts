import { createPrivateKey, createPublicKey, sign as edSign, verify as edVerify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64, toBase64 } from './base64.ts';
import type { Verify } from './batch.ts';
import { concat, fromHex, fromUtf8, toHex, utf8 } from './bytes.ts';
import { openCheckpoint, parseCheckpoint, signCheckpoint } from './checkpoint.ts';
import { noteKey, noteText, openNote, parseNote, parseVkey, signNote, vkeyText } from './note.ts';
import { parseProof, proofText } from './tlogproof.ts';
import golden from './vectors/note.json' with { type: 'json' };

const bytes = (hex: string): Uint8Array => fromHex(hex) as Uint8Array;
const PKCS8 = bytes('302e020100300506032b657004220420');
const SPKI = bytes('302a300506032b6570032100');
const privateKey = createPrivateKey({ key: Buffer.from(concat(PKCS8, bytes(golden.seed))), format: 'der', type: 'pkcs8' });
const sign = (message: Uint8Array): Uint8Array => Uint8Array.from(edSign(null, message, privateKey));
const verify: Verify = (publicKey, signature, message) =>
  edVerify(null, message, createPublicKey({ key: Buffer.from(concat(SPKI, publicKey)), format: 'der', type: 'spki' }), signature);

const key = parseVkey(golden.vkey);
const code = (value: string) => expect.objectContaining({ code: value });

describe('signed notes', () => {
  it('are the bytes of the published example and of the golden checkpoints', async () => {
    const { vkey, text, note } = golden.published;
    expect(await openNote(note, parseVkey(vkey), verify)).toBe(text);
    expect(vkeyText(noteKey(key.name, bytes(golden.publicKey)))).toBe(golden.vkey);
    const root = bytes(golden.root);
    expect(await signCheckpoint({ origin: key.name, size: 8, root }, key, sign)).toBe(golden.checkpoint);
    expect(await openCheckpoint(golden.checkpoint, key, verify)).toEqual({ origin: key.name, size: 8, root });
    expect((await openCheckpoint(golden.empty, key, verify)).size).toBe(0);
  });

  it('keep signatures of others, which say nothing to who lacks their keys', async () => {
    expect(await openCheckpoint(golden.cosigned, key, verify)).toMatchObject({ size: 8 });
    expect(parseNote(golden.cosigned).signatures.map(({ name }) => name)).toEqual([key.name, 'witness.example/partner-a']);
    expect(noteText(parseNote(golden.cosigned))).toBe(golden.cosigned);
    await expect(openNote(golden.published.note, key, verify)).rejects.toThrow(code('NOTE_UNSIGNED'));
  });

  it('are refused with any one byte changed, wherever it stands', async () => {
    const note = utf8(golden.checkpoint);
    await fc.assert(
      fc.asyncProperty(fc.nat(note.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
        const bent = note.map((byte, i) => (i === at ? byte ^ by : byte));
        await expect((async () => openCheckpoint(fromUtf8(bent), key, verify))()).rejects.toThrow();
      }),
      { numRuns: 2000 },
    );
  });

  it('are refused when cut off, lengthened or spelled otherwise', async () => {
    const note = golden.checkpoint;
    const others = [
      '',
      '\n\n',
      note.slice(0, -1),
      `${note}\n`,
      `${note} `,
      `\uFEFF${note}`,
      note.replace('\n8\n', '\n08\n'),
      note.replace('\n8\n', '\n+8\n'),
      note.replaceAll('\n', '\r\n'),
      note.replace('— ', '- '),
      note.replace('Qyg=\n', 'Qyh=\n'),
      note.replace('Ndg8=', 'Ndg9='),
      note.replace('Ndg8=', 'Ndg8'),
      note.replace('Ndg8=', 'Ndg8= '),
    ];
    for (const other of others) await expect(openCheckpoint(other, key, verify), JSON.stringify(other)).rejects.toThrow();
  });

  it('are refused when a log signs what is no checkpoint, or the checkpoint of another', async () => {
    const signed = (text: string): Promise<string> => signNote(text, key, sign);
    const root = toBase64(bytes(golden.root));
    for (const text of [
      `${key.name}\n8\n`,
      `${key.name}\n8\n${root}\nmore\n`,
      `\n8\n${root}\n`,
      `${key.name}\n9007199254740993\n${root}\n`,
    ]) {
      await expect(openCheckpoint(await signed(text), key, verify)).rejects.toThrow(code('CHECKPOINT_INVALID'));
    }
    await expect(openCheckpoint(await signed(`other.example\n8\n${root}\n`), key, verify)).rejects.toThrow(code('CHECKPOINT_ORIGIN'));
    expect(() => parseCheckpoint(`${key.name}\n8\n${root}`)).toThrow(code('CHECKPOINT_INVALID'));
    await expect(signed('no line end')).rejects.toThrow(code('NOTE_INVALID'));
    await expect(signed('a\ttab\n')).rejects.toThrow(code('NOTE_INVALID'));
  });

  it('hold at most 32 signatures', () => {
    const [only] = parseNote(golden.checkpoint).signatures;
    const many = (count: number): string => noteText({ text: 'x\n', signatures: Array.from({ length: count }, () => only ?? never()) });
    expect(parseNote(many(32)).signatures.length).toBe(32);
    expect(() => parseNote(many(33))).toThrow(code('NOTE_INVALID'));
  });
});

function never(): never {
  throw new Error('the golden checkpoint has a signature');
}

describe('verifier keys', () => {
  it('are refused with any one character changed', () => {
    fc.assert(
      fc.property(fc.nat(golden.vkey.length - 1), fc.integer({ min: 32, max: 126 }), (at, by) => {
        const bent = golden.vkey.slice(0, at) + String.fromCharCode(by) + golden.vkey.slice(at + 1);
        fc.pre(bent !== golden.vkey);
        expect(() => parseVkey(bent)).toThrow(code('VKEY_INVALID'));
      }),
    );
  });

  it('need a name without blank and plus, and an Ed25519 key', () => {
    for (const name of ['', 'a b', 'a+b', 'é', 'x'.repeat(256)]) expect(() => noteKey(name, key.publicKey)).toThrow(code('VKEY_INVALID'));
    expect(() => noteKey('x', new Uint8Array(31))).toThrow(code('VKEY_INVALID'));
    expect(() => parseVkey('witness.example/partner-a+d738f381+BP0XJDhaoMdbZPt4zWAvodmR/ev3axPFjtcC6sg16fYY')).toThrow(
      code('VKEY_INVALID'),
    );
  });
});

describe('proofs', () => {
  it('are the bytes of the golden example', async () => {
    const proof = parseProof(golden.proof);
    expect(proof).toMatchObject({ index: 3, checkpoint: golden.cosigned });
    expect(proof.path.length).toBe(3);
    expect(proofText(proof)).toBe(golden.proof);
    expect((await openCheckpoint(proof.checkpoint, key, verify)).size).toBe(8);
  });

  it('of another form are refused', () => {
    const { proof } = golden;
    const others = [
      '',
      proof.slice(1),
      proof.replace('@v1', '@v2'),
      proof.replace('index 3', 'index 03'),
      proof.replace('index 3', 'index -3'),
      proof.replace('index 3', 'index  3'),
      proof.replace('index 3\n', ''),
      proof.replace('index 3', 'extra AAAA\nindex 3'),
      proof.replace('f+c=', 'f+d='),
      proof.replace('f+c=', 'f+c'),
      proof.replace('\n\n', '\n'.repeat(1)).replaceAll('\n\n', '\n'),
      proof.replace('index 3\n', `index 3\n${`${'A'.repeat(43)}=\n`.repeat(51)}`),
    ];
    for (const other of others) expect(() => parseProof(other), JSON.stringify(other)).toThrow(code('PROOF_INVALID'));
  });
});

describe('base64', () => {
  it('reads what it writes and no other spelling', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (value) => {
        const text = toBase64(value);
        expect(text).toBe(Buffer.from(value).toString('base64'));
        expect(toHex(fromBase64(text) as Uint8Array)).toBe(toHex(value));
      }),
    );
    for (const text of ['A', 'AA', 'AAA', 'AB==', 'AAB=', 'AA=A', 'AA==AA==', '-_8=', 'AA== ', 'AAAA====', '=']) {
      expect(fromBase64(text), text).toBeUndefined();
    }
  });
});
