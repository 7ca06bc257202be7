import { base64, decimalOf, difference, fromUtf8, hex, utf8 } from './encoding.ts';
import type { Findings } from './findings.ts';
import type { FileFact, Folder } from './folder.ts';
import { changedByte } from './locate.ts';
import { type Checkpoint, noteFault, parseNote, type VerifierKey } from './note.ts';

/** The file that signs all others: "docket/export/1 origin", size, root, then "sha256 bytes path" of every other file by path. */

const FILE = 'manifest';
const TITLE = 'docket/export/1 ';

interface Manifest {
  readonly checkpoint: Checkpoint;
  readonly files: ReadonlyMap<string, FileFact>;
}

const bodyOf = ({ origin, size, root }: Checkpoint, files: ReadonlyMap<string, FileFact>): string => {
  const lines = [...files].filter(([path]) => path !== FILE).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    `${TITLE}${origin}\nsize ${size}\nroot ${base64(root)}\n`,
    ...lines.map(([path, fact]) => `${hex(fact.sha256)} ${fact.bytes} ${path}\n`),
  ].join('');
};

function lineOf(line: string): [string, FileFact] | undefined {
  const [, hash = '', length = '', path = ''] = /^([0-9a-f]{64}) (\d+) ([\w./-]+)$/.exec(line) ?? [];
  const bytes = decimalOf(length);
  return bytes === undefined ? undefined : [path, { sha256: Buffer.from(hash, 'hex'), bytes }];
}

/** What a manifest says; a text says what is wrong with it, `partial` then holds the lines that can be read. */
function parseBody(body: string, partial: Map<string, FileFact>): Manifest | string {
  const [title = '', sizeLine = '', rootLine = '', ...lines] = body.split('\n');
  let before = '';
  let fault: string | undefined;
  for (const line of lines.slice(0, -1)) {
    const [path, fact] = lineOf(line) ?? [];
    if (path === undefined || fact === undefined) fault ??= `has a line that names no file: ${line.slice(0, 200)}`;
    else if (path <= before || path === FILE) fault ??= `names ${path} out of order`;
    else partial.set(path, fact);
    before = path ?? before;
  }
  if (fault !== undefined) return fault;
  const size = decimalOf(sizeLine.replace(/^size /, ''));
  const root = Buffer.from(rootLine.replace(/^root /, ''), 'base64');
  if (!title.startsWith(TITLE) || size === undefined || lines.at(-1) !== '') return 'is no manifest of an export of version 1';
  const checkpoint = { origin: title.slice(TITLE.length), size, root };
  return bodyOf(checkpoint, partial) === body ? { checkpoint, files: partial } : 'is not spelled as a manifest is';
}

/** The manifest's text and why it is not to be trusted. */
function open(bytes: Uint8Array, key: VerifierKey | undefined): { manifest?: Manifest; fault?: string; partial: Map<string, FileFact> } {
  const partial = new Map<string, FileFact>();
  const note = parseNote(bytes);
  if (typeof note === 'string') {
    parseBody(fromUtf8(bytes) ?? Buffer.from(bytes).toString('latin1'), partial);
    return { fault: note, partial };
  }
  const manifest = parseBody(note.body, partial);
  if (typeof manifest === 'string') return { fault: manifest, partial };
  // Of any other signature nobody could tell whether it was changed.
  if (note.signatures.length !== 1) return { fault: `has ${note.signatures.length} signatures, an export has one`, partial };
  const fault = key === undefined ? undefined : noteFault(note, key);
  return { manifest, partial, ...(fault === undefined ? {} : { fault }) };
}

/** Takes the lines of the manifest as they stand, before anything is verified: they help to find a changed byte. */
export function takeLines(folder: Folder): void {
  const bytes = folder.read(FILE);
  if (bytes !== undefined) folder.signed = open(bytes, undefined).partial;
}

/** Where a manifest that does not verify was changed, found by writing it anew from the files; undefined when that is not signed either. */
function rewritten(bytes: Uint8Array, body: Uint8Array, key: VerifierKey, findings: Findings): readonly [number, number] | undefined {
  const tail = body.length + 1;
  const accepts = (signature: Uint8Array): boolean => {
    const note = parseNote(Buffer.concat([utf8('-\n\n'), signature]));
    return (
      typeof note !== 'string' && note.signatures.length === 1 && noteFault({ ...note, body: fromUtf8(body) ?? '' }, key) === undefined
    );
  };
  const whole = Buffer.concat([body, utf8('\n'), bytes.subarray(tail)]);
  const changed = difference(bytes, whole);
  if (accepts(bytes.subarray(tail))) return changed;
  if (changed !== undefined || !findings.maySearch()) return undefined;
  const found = changedByte(bytes.subarray(tail), accepts);
  return found === undefined ? [tail, bytes.length] : [tail + found.at, tail + found.at + 1];
}

/**
 * Checks the manifest's signature, then every file against it. Leaves in the folder what is signed.
 * @returns size and root that the manifest states, for an export whose checkpoint cannot be read
 */
export function checkManifest(
  folder: Folder,
  key: VerifierKey | undefined,
  checkpoint: Checkpoint | undefined,
  findings: Findings,
): Checkpoint | undefined {
  const bytes = folder.read(FILE);
  if (bytes === undefined) {
    findings.problem('FILE_MISSING', { file: FILE }, 'the export has no manifest: nothing says which files it must have');
    return undefined;
  }
  const { manifest, fault, partial } = open(bytes, key);
  folder.signed = manifest?.files ?? partial;
  if (fault === undefined) {
    if (key !== undefined) findings.count('signatures');
  } else {
    const body = checkpoint === undefined ? undefined : utf8(bodyOf(checkpoint, folder.files));
    const place = body === undefined || key === undefined ? undefined : rewritten(bytes, body, key, findings);
    if (place !== undefined) folder.signed = new Map([...folder.files].filter(([path]) => path !== FILE));
    findings.problem('MANIFEST_INVALID', { file: FILE, ...(place === undefined ? {} : { bytes: place }) }, `the manifest ${fault}`);
  }
  compare(folder, findings);
  const stated = manifest?.checkpoint;
  if (stated !== undefined && fault === undefined && checkpoint !== undefined && !sameCheckpoint(stated, checkpoint)) {
    findings.problem(
      'MANIFEST_CHECKPOINT',
      { file: FILE },
      `the manifest is of ${stated.size} entries of ${stated.origin} with root ${base64(stated.root)}, the checkpoint is another`,
    );
  }
  return stated;
}

const sameCheckpoint = (a: Checkpoint, b: Checkpoint): boolean =>
  a.origin === b.origin && a.size === b.size && base64(a.root) === base64(b.root);

function compare({ files, signed }: Folder, findings: Findings): void {
  for (const path of signed.keys()) {
    if (!files.has(path)) findings.problem('FILE_MISSING', { file: path }, `${path} stands in the manifest and is missing`);
  }
  for (const path of files.keys()) {
    if (path !== FILE && !signed.has(path)) findings.problem('FILE_UNLISTED', { file: path }, `${path} stands in no line of the manifest`);
  }
}
