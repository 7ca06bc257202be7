import type { DocumentBody } from '../../documents/document.ts';
import { documentId, documentKey } from '../../documents/identity.ts';
import { read } from '../../documents/intake.ts';
import { jsonDocumentSchema } from '../../documents/json.ts';
import type { JsonObject } from '../../ledger/entry.ts';
import { archiveOriginal, readOriginal } from '../archive.ts';
import { append, ledgerOf } from '../ledgers.ts';
import { asked } from '../paging.ts';
import { Problem } from '../problem.ts';
import { type Route, route, type Upload } from '../route.ts';
import { document, documentPage, documentParams, documentQuery } from '../schemas/documents.ts';
import { documentExample, orderExample, PDF_EXAMPLE, rowExample, UBL_EXAMPLE } from './documents.examples.ts';

/** An invoice with embedded attachments: EN 16931 platforms take 20 MB at most, so nobody sends more. */
export const MAX_DOCUMENT_BYTES = 20 * 1024 * 1024;

const upload = {
  media: [
    { type: 'application/xml', example: UBL_EXAMPLE },
    { type: 'text/xml', example: UBL_EXAMPLE },
    { type: 'application/pdf', example: PDF_EXAMPLE },
    { type: 'application/json', schema: jsonDocumentSchema, example: orderExample },
  ],
  limit: MAX_DOCUMENT_BYTES,
  read: (original: Upload) => ({ original, reading: read(original.bytes) }),
};

const unknown = (id: string): Problem => new Problem('NOT_FOUND', `there is no document ${id}`);

export const documentRoutes: readonly Route[] = [
  route({
    id: 'postDocument',
    method: 'POST',
    path: '/v1/documents',
    right: ['documents:write'],
    summary:
      'Records a document: an invoice or credit note as XML (UBL, CII) or PDF (Factur-X, ZUGFeRD), an order or despatch advice as JSON; answers its match',
    body: upload,
    answers: {
      201: { text: 'The document is recorded', schema: document, example: documentExample },
      200: { text: 'The same content was recorded before', schema: document, example: documentExample },
    },
    problems: [
      'EMPTY',
      'DOCTYPE_FORBIDDEN',
      'XML_NOT_WELL_FORMED',
      'LIMIT_DEPTH',
      'LIMIT_SIZE',
      'PDF_NO_INVOICE',
      'UNKNOWN_DOCUMENT',
      'UNSUPPORTED_VERSION',
      'MISSING_MANDATORY',
      'VALUE_INVALID',
      'JSON_INVALID',
      'DUPLICATE_NUMBER',
    ],
    async handle({ body, caller, env, now }) {
      const { tenant } = caller;
      const { document: normal, findings } = body.reading;
      // The bytes stand in the archive before an entry names them: an entry without its original could never be shown again.
      const original = await archiveOriginal(env.ARCHIVE, tenant, body.original);
      const told = findings.length === 0 ? {} : { findings };
      const entry: DocumentBody = { ...normal, original, contentType: body.original.type, ...told };
      const { index } = await append(env, tenant, { type: 'document', body: entry as unknown as JsonObject }, now);
      const id = documentId(documentKey(normal));
      const recorded = await ledgerOf(env, tenant).document(id);
      if (recorded === null) throw new Error(`document ${id} was recorded and is not there`);
      return { status: index === null ? 200 : 201, body: recorded };
    },
  }),
  route({
    id: 'listDocuments',
    method: 'GET',
    path: '/v1/documents',
    right: ['documents:read'],
    summary: 'Lists documents, newest first, by kind or status',
    query: documentQuery,
    answers: { 200: { text: 'A page of documents', schema: documentPage, example: { data: [rowExample], entry: 57, next: null } } },
    async handle({ query, caller, env }) {
      return { status: 200, body: await ledgerOf(env, caller.tenant).documents(asked(query)) };
    },
  }),
  route({
    id: 'getDocument',
    method: 'GET',
    path: '/v1/documents/{id}',
    right: ['documents:read'],
    summary: 'A document with its lines, the movements that prove each, and its findings',
    params: documentParams,
    answers: { 200: { text: 'The document', schema: document, example: documentExample } },
    problems: ['NOT_FOUND'],
    async handle({ params, caller, env }) {
      const found = await ledgerOf(env, caller.tenant).document(params.id);
      if (found === null) throw unknown(params.id);
      return { status: 200, body: found };
    },
  }),
  route({
    id: 'getOriginal',
    method: 'GET',
    path: '/v1/documents/{id}/original',
    right: ['documents:read'],
    summary: 'The bytes of a document as they were sent',
    params: documentParams,
    answers: { 200: { text: 'The original, as a file to save', media: 'application/xml' } },
    problems: ['NOT_FOUND'],
    async handle({ params, caller, env }) {
      const found = await ledgerOf(env, caller.tenant).document(params.id);
      if (found === null) throw unknown(params.id);
      return readOriginal(env.ARCHIVE, caller.tenant, found);
    },
  }),
];
