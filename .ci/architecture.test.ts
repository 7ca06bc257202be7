import { describe, expect, it } from 'vitest';
import { violations } from './architecture.ts';
import { importsOf, sourceFiles } from './imports.ts';

const files = sourceFiles();
const imports = files.filter((file) => !file.startsWith('.ci/')).flatMap((file) => importsOf(file));

describe('import rules', () => {
  it('see the imports of every folder, so that an empty walk cannot pass for a clean one', () => {
    for (const folder of ['protocol', 'edge', 'cloud', 'simulators']) {
      expect(imports.filter((one) => one.from.startsWith(`${folder}/`)).length, folder).toBeGreaterThan(10);
    }
  });

  it('are kept by every import of the project', () => {
    const broken = imports.flatMap((one) => violations(one).map((why) => `${one.from} imports ${one.specifier}: ${why}`));
    expect(broken).toEqual([]);
  });

  it('resolve every relative import to a file that exists', () => {
    const known = new Set(files);
    const missing = imports.filter((one) => one.file !== undefined && /\.(ts|tsx|js)$/.test(one.file) && !known.has(one.file));
    expect(missing.map((one) => `${one.from} imports ${one.specifier}`)).toEqual([]);
  });

  it.each([
    ['protocol/a.ts', "import { x } from '../edge/log.ts';"],
    ['protocol/a.ts', "import { readFileSync } from 'node:fs';"],
    ['edge/passage/a.ts', "import { x } from '../outbox/outbox.ts';"],
    ['edge/readers/a.ts', "export * from '../uplink/uplink.ts';"],
    ['cloud/gateway/a.ts', "import mqtt from 'mqtt';"],
    ['cloud/api/a.ts', "import { readFileSync } from 'node:fs';"],
    ['cloud/ledger/a.ts', "import { match } from '../reconcile/match.ts';"],
    ['simulators/a.ts', "import { Outbox } from '../edge/outbox/outbox.ts';"],
    ['simulators/warehouse/a.ts', "import { Doors } from '../../edge/passage/doors.ts';"],
    ['simulators/a.ts', "const x = await import('../cloud/ledger/ledger.ts');"],
    ['edge/panel/page/a.tsx', "import { server } from '../server.ts';"],
    ['cloud/api/a.ts', "import worker from '../worker.ts';"],
    ['cloud/proof/verify/a.ts', "import { leafHash } from '../../ledger/tree.ts';"],
    ['cloud/proof/verify/a.ts', "import { openBatch } from '../../../protocol/batch.ts';"],
    ['cloud/proof/verify/a.ts', "import { openFold } from './fold.ts';"],
    ['cloud/proof/verify/a.ts', "import { sha256 } from '@noble/hashes/sha2.js';"],
  ])('refuse in %s: %s', (from, text) => {
    expect(importsOf(from, text).flatMap(violations)).not.toEqual([]);
  });

  it.each([
    ['simulators/a.ts', "import { ThingMagicCodec } from '../edge/readers/thingmagic/codec.ts';"],
    ['simulators/accuracy/a.ts', "import { Doors } from '../../edge/passage/doors.ts';"],
    ['edge/outbox/a.ts', "import type { ClosedPassage } from '../passage/passage.ts';"],
    ['cloud/reconcile/a.ts', "import type { Projection } from '../ledger/projection.ts';"],
    ['edge/panel/page/a.tsx', "import type { PanelState } from '../model.ts';"],
    ['cloud/proof/verify/fold.ts', "import { projections } from '../../projections.ts';"],
    ['cloud/proof/verify/a.ts', "import { createHash } from 'node:crypto';"],
  ])('allow in %s: %s', (from, text) => {
    expect(importsOf(from, text).flatMap(violations)).toEqual([]);
  });
});
