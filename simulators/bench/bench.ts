import { parseArgs } from 'node:util';
import type { Measure, Member } from './measure.ts';

/**
 * `npm run bench -- [--json] [NAME...]`: measures the named members, or all, one after the other, each within 4 minutes unless it says more.
 * Members that share a run stand under one loader; the names they give are listed so that one can be asked for alone.
 */
const MEMBERS: readonly {
  readonly names: readonly string[];
  readonly load: () => Promise<{ readonly run: Member }>;
  readonly limitMs?: number;
}[] = [
  { names: ['edge.decode.thingmagic'], load: () => import('./decode.ts') },
  { names: ['epc.decode', 'epc.decode.hex'], load: () => import('./epc.ts') },
  { names: ['edge.decode.a0'], load: () => import('./decodea0.ts') },
  { names: ['edge.decode.uhf18'], load: () => import('./decodeuhf18.ts') },
  { names: ['edge.decode.llrp'], load: () => import('./decodellrp.ts') },
  { names: ['edge.decode.bb'], load: () => import('./decodebb.ts') },
  {
    names: [
      ...['edge.decode.r700', 'edge.decode.zebra', 'edge.network.puback.p50', 'edge.network.puback.p99', 'edge.network.syncs'],
      ...['edge.network.window20', 'edge.network.window1000'],
    ],
    load: () => import('./network.ts'),
  },
  { names: ['edge.pipeline'], load: () => import('./pipeline.ts') },
  { names: ['edge.outbox'], load: () => import('./outbox.ts') },
  { names: ['edge.outbox.full', 'edge.outbox.start', 'edge.outbox.epoch'], load: () => import('./fill.ts') },
  { names: ['uplink.bytesPerItem'], load: () => import('./wire.ts') },
  { names: ['hub.post', 'hub.rowsWrittenPerItem'], load: () => import('./hub.ts') },
  { names: ['documents.parse', 'documents.parse1MB'], load: () => import('./documents.ts') },
  { names: ['path.latency.p50', 'path.latency.p99'], load: () => import('./path.ts') },
  // Last, and longer than the others: 5,000,000 items go through the whole path first.
  { names: ['hub.backlog', 'hub.post.large'], load: () => import('./backlog.ts'), limitMs: 30 * 60_000 },
];

/** A member that takes longer hangs: the figures of the others must still come out. */
const LIMIT_MS = 4 * 60_000;

function within(limitMs: number, work: Promise<readonly Measure[]>, names: readonly string[]): Promise<readonly Measure[]> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new RangeError(`${names.join(', ')}: no figure within ${limitMs / 1000} s`)), limitMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

const known = MEMBERS.flatMap((member) => member.names);
const usage = `npm run bench -- [--json] [NAME...]; there are ${known.join(', ')}`;

function options(): { json: boolean; help: boolean; positionals: string[] } {
  try {
    const spec = { json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } } as const;
    const { values, positionals } = parseArgs({ options: spec, allowPositionals: true });
    return { ...values, positionals };
  } catch (error) {
    console.error(`docket: ${(error as Error).message}\n${usage}`);
    process.exit(2);
  }
}

const { json, help, positionals } = options();
if (help) {
  console.log(usage);
  process.exit(0);
}
const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`docket: no bench member ${unknown.join(', ')}; there are ${known.join(', ')}`);
  process.exit(2);
}

let failed = false;
for (const { names, load, limitMs = LIMIT_MS } of MEMBERS) {
  const wanted = positionals.length === 0 ? names : names.filter((name) => positionals.includes(name));
  if (wanted.length === 0) continue;
  try {
    for (const measure of await within(
      limitMs,
      load().then((member) => member.run()),
      wanted,
    )) {
      if (!wanted.includes(measure.name)) continue;
      if (json) console.log(JSON.stringify(measure));
      else
        console.log(
          `${measure.name.padEnd(26)} ${String(measure.value).padStart(12)} ${measure.unit.padEnd(12)} ${JSON.stringify(measure.params)}`,
        );
    }
  } catch (error) {
    failed = true;
    console.error(`docket: ${wanted.join(', ')} could not be measured: ${(error as Error).stack ?? String(error)}`);
  }
}
process.exit(failed ? 1 : 0);
