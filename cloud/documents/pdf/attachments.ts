import type { PdfFile } from './file.ts';
import { isArray, isDict, type PdfObject, PdfStream, PdfText } from './objects.ts';

/** A tree of names is a few levels deep; more is a circle or a trap. */
const MAX_DEPTH = 32;
/** Attachments that are looked at: an invoice has one, its delivery notes and plans a few more. */
export const MAX_ATTACHMENTS = 200;

export interface Attachment {
  readonly name: string;
  readonly stream: PdfStream;
}

const textOf = (object: PdfObject | undefined): string | undefined => (object instanceof PdfText ? object.decoded() : undefined);

/** A file specification (ISO 32000-1 section 7.11.3) with an embedded file; `keyed` is its name in the tree. */
function attachmentOf(file: PdfFile, object: PdfObject | undefined, keyed: string | undefined): Attachment | undefined {
  const spec = file.resolve(object);
  if (!isDict(spec)) return undefined;
  const embedded = file.member(spec, 'EF');
  if (!isDict(embedded)) return undefined;
  const stream = file.member(embedded, 'F') ?? file.member(embedded, 'UF');
  if (!(stream instanceof PdfStream)) return undefined;
  const name = textOf(file.member(spec, 'UF')) ?? textOf(file.member(spec, 'F')) ?? keyed ?? '';
  return { name: name.split(/[/\\]/).at(-1) ?? '', stream };
}

/** The leaves of the name tree EmbeddedFiles (section 7.9.6); each node is visited once. */
function fromNames(file: PdfFile, into: Attachment[]): void {
  const names = file.member(file.catalog(), 'Names');
  const visited = new Set<PdfObject>();
  const visit = (object: PdfObject | undefined, depth: number): void => {
    const node = file.resolve(object);
    if (!isDict(node) || visited.has(node) || depth > MAX_DEPTH || into.length >= MAX_ATTACHMENTS) return;
    visited.add(node);
    const leaves = file.member(node, 'Names');
    const pairs = isArray(leaves) ? leaves : [];
    for (let i = 0; i + 1 < pairs.length && into.length < MAX_ATTACHMENTS; i += 2) {
      const found = attachmentOf(file, pairs[i + 1], textOf(file.resolve(pairs[i])));
      if (found !== undefined) into.push(found);
    }
    const kids = file.member(node, 'Kids');
    if (isArray(kids)) for (const kid of kids) visit(kid, depth + 1);
  };
  visit(isDict(names) ? names.get('EmbeddedFiles') : undefined, 0);
}

/** Associated files (ISO 32000-2 section 14.13) of the document: some writers list the invoice here alone. */
function fromAssociated(file: PdfFile, into: Attachment[]): void {
  const associated = file.member(file.catalog(), 'AF');
  const specs = isArray(associated) ? associated : associated === undefined ? [] : [associated];
  for (const spec of specs) {
    if (into.length >= MAX_ATTACHMENTS) return;
    const found = attachmentOf(file, spec, undefined);
    if (found !== undefined && !into.some(({ stream }) => stream === found.stream)) into.push(found);
  }
}

/** The files embedded in a PDF, those of its name tree first. @throws Fault LIMIT_SIZE, PDF_NO_INVOICE */
export function attachmentsOf(file: PdfFile): readonly Attachment[] {
  const found: Attachment[] = [];
  fromNames(file, found);
  fromAssociated(file, found);
  return found;
}
