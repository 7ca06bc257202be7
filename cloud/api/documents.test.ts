import { env, exports } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { withAttachment } from '../documents/pdf/pdf.fixture.ts';
import { MAX_DOCUMENT_BYTES } from './routes/documents.ts';
import { document, documentPage, findingPage } from './schemas/documents.ts';
import { Dock, GTIN } from './testing/dock.ts';
import { type Answered, call, freshTenant, keyWith, member, type Tenant } from './testing/hub.ts';
import { ubl } from './testing/ubl.ts';

const XML = { 'content-type': 'application/xml' };
const outcome = (answer: Answered): unknown[] => [answer.status, member(answer, 'code')];
const post = (tenant: Tenant, xml: string): Promise<Answered> => call('POST', '/v1/documents', tenant.admin, xml, XML);
const size = async (tenant: Tenant): Promise<unknown> => member(await call('GET', '/v1/stock', tenant.admin), 'entry');

const despatchAdvice = {
  kind: 'despatchAdvice',
  number: 'DA-1',
  issueDate: '2026-11-19',
  seller: { id: '123456789', name: 'Moulins du Rhône' },
  buyer: { id: '303265045', name: 'Demo SAS' },
  ssccs: ['003012345000000015'],
  lines: [{ id: '1', gtin: '03012345678902', quantity: 48 }],
};

describe('documents', () => {
  it('are answered with their lines and match, and found again by id, list and original bytes', async () => {
    const tenant = await freshTenant();
    const xml = ubl({ number: 'F 2026/0117 é' });
    const posted = await post(tenant, xml);
    expect(posted.status).toBe(201);
    const shown = document.parse(posted.body);
    expect(shown).toEqual(posted.body);
    expect(shown).toMatchObject({
      kind: 'invoice',
      number: 'F 2026/0117 é',
      role: 'purchase',
      currency: 'EUR',
      total: '348.00',
      status: 'NOT_RECEIVED',
    });
    expect(shown.lines).toMatchObject([
      { id: '1', gtin: '03012345678902', quantity: '48', status: 'NOT_RECEIVED', matched: 0, short: 48, over: 0 },
    ]);
    expect(shown.findings).toMatchObject([{ code: 'QUANTITY_SHORT', amount: 34_800, currency: 'EUR' }]);
    expect((await call('GET', `/v1/documents/${shown.id}`, tenant.admin)).body).toEqual(posted.body);
    const list = await call('GET', '/v1/documents?kind=invoice&status=NOT_RECEIVED', tenant.admin);
    expect(documentPage.parse(list.body)).toEqual(list.body);
    expect(documentPage.parse(list.body).data.map(({ id }) => id)).toEqual([shown.id]);
    expect(documentPage.parse((await call('GET', '/v1/documents?kind=order', tenant.admin)).body).data).toEqual([]);
    const findings = await call('GET', '/v1/findings', tenant.admin);
    expect(findingPage.parse(findings.body)).toEqual(findings.body);
    expect(findingPage.parse(findings.body).data).toMatchObject([{ document: shown.id, number: shown.number, code: 'QUANTITY_SHORT' }]);
    const original = await call('GET', `/v1/documents/${shown.id}/original`, tenant.admin);
    expect([original.status, original.body, original.headers.get('content-type')]).toEqual([200, xml, 'application/xml']);
    expect(original.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''F%202026%2F0117%20%C3%A9.xml");
    expect(original.headers.get('content-security-policy')).toContain('sandbox');
  });

  it('show for each line the passages that prove it, and the words of what is missing in both languages', async () => {
    const dock = await Dock.open();
    const { tenant } = dock;
    await dock.passage('in', [1, 2, 3]);
    await dock.passage('in', [2, 3, 4]);
    await dock.passage('in', [9], { kind: 'despatchAdvice', number: 'DA-2', how: 'sscc' });
    const posted = await post(tenant, ubl({ number: 'F-7', quantity: 6, net: '43.50', despatchRef: 'DA-1' }));
    const shown = document.parse(posted.body);
    expect(shown).toEqual(posted.body);
    const [line] = shown.lines;
    const same = { site: 'LYON', node: 'dock-1', door: 'D1', direction: 'in', evidence: 'despatch' };
    const advice = { kind: 'despatchAdvice', number: 'DA-1', how: 'chosen' };
    // Serials 2 and 3 were inside already: the second passage moved only its third item.
    expect(line?.allocations).toMatchObject([
      { ...same, entry: 3, quantity: 3, ordinals: [[0, 3]], document: advice },
      { ...same, entry: 4, quantity: 1, ordinals: [[2, 1]], document: advice },
    ]);
    expect([line?.status, line?.matched, line?.allocationsTotal]).toEqual(['SHORT_RECEIVED', 4, 2]);
    expect(line?.explanation).toMatchObject({ code: 'SHORT_RECEIVED', params: { item: GTIN, billed: 6, moved: 4, short: 2 } });
    expect(line?.explanation?.text.fr).toMatch(
      /^6 facturés, 4 reçus au quai D1 \(Lyon\) .* Il manque 2 × Huile d’olive 1 l, soit 14,50\s€\.$/,
    );
    expect(line?.explanation?.text.en).toMatch(
      /^6 billed, 4 received at door D1 \(Lyon\) .* Missing: 2 × Huile d’olive 1 l, worth €14\.50\.$/,
    );
    const findings = findingPage.parse((await call('GET', '/v1/findings', tenant.admin)).body);
    expect(findings.data.map(({ explanation }) => explanation.text)).toEqual([line?.explanation?.text]);
    const { key } = await keyWith(tenant, ['stock:read']);
    expect(outcome(await call('GET', `/v1/documents/${shown.id}`, key))).toEqual([403, 'SCOPE_MISSING']);
  });

  it('sent twice are one; other content under the same number is refused and becomes a finding on the first', async () => {
    const tenant = await freshTenant();
    const first = await post(tenant, ubl({ number: 'F-1' }));
    const entries = await size(tenant);
    const again = await post(tenant, ubl({ number: 'F-1' }));
    expect([first.status, again.status, again.body]).toEqual([201, 200, first.body]);
    expect(await size(tenant)).toBe(entries);
    const spaced = await post(tenant, ubl({ number: 'F-1' }).replaceAll('><', '>\n<'));
    expect([spaced.status, member(spaced, 'id')]).toEqual([200, member(first, 'id')]);
    const other = await post(tenant, ubl({ number: 'F-1', quantity: 50, net: '362.50' }));
    expect(outcome(other)).toEqual([409, 'DUPLICATE_NUMBER']);
    expect(member(other, 'details')).toMatchObject({ id: member(first, 'id') });
    const after = await call('GET', `/v1/documents/${member(first, 'id')}`, tenant.admin);
    expect(document.parse(after.body).findings.map(({ code }) => code)).toContain('DUPLICATE_NUMBER');
  });

  it('sent at the same moment are one', async () => {
    const tenant = await freshTenant();
    const answers = await Promise.all([1, 2, 3, 4].map(() => post(tenant, ubl({ number: 'F-2' }))));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 201]);
    expect(new Set(answers.map((answer) => member(answer, 'id'))).size).toBe(1);
  });

  it('come as orders and despatch advices in JSON too', async () => {
    const tenant = await freshTenant();
    const posted = await call('POST', '/v1/documents', tenant.admin, despatchAdvice);
    expect([posted.status, document.parse(posted.body)]).toEqual([201, posted.body]);
    expect(posted.body).toMatchObject({ kind: 'despatchAdvice', number: 'DA-1', role: 'purchase', total: null });
    const order = { ...despatchAdvice, kind: 'order', number: 'PO-1', ssccs: undefined };
    expect((await call('POST', '/v1/documents', tenant.admin, order)).status).toBe(201);
    const original = await call('GET', `/v1/documents/${member(posted, 'id')}/original`, tenant.admin);
    expect(original.body).toEqual(despatchAdvice);
  });

  it('come as a PDF that carries its invoice: original byte for byte, the same content as the XML alone', async () => {
    const tenant = await freshTenant();
    const xml = ubl({ number: 'F-PDF' });
    const packed = await new Response(new Blob([xml]).stream().pipeThrough(new CompressionStream('deflate'))).arrayBuffer();
    const pdf = withAttachment('factur-x.xml', new Uint8Array(packed));
    const send = (): Promise<Response> =>
      exports.default.fetch('https://hub.test/v1/documents', {
        method: 'POST',
        headers: { authorization: `Bearer ${tenant.admin}`, 'content-type': 'application/pdf' },
        body: pdf,
      });
    const posted = await send();
    expect(posted.status).toBe(201);
    const shown = document.parse(await posted.json());
    expect(shown).toMatchObject({ number: 'F-PDF', total: '348.00', contentType: 'application/pdf', lines: [{ gtin: GTIN }] });
    expect([(await send()).status, (await post(tenant, xml)).status]).toEqual([200, 200]);
    const original = await exports.default.fetch(`https://hub.test/v1/documents/${shown.id}/original`, {
      headers: { authorization: `Bearer ${tenant.admin}` },
    });
    expect([original.headers.get('content-type'), original.headers.get('content-disposition')]).toEqual([
      'application/pdf',
      "attachment; filename*=UTF-8''F-PDF.pdf",
    ]);
    expect(new Uint8Array(await original.arrayBuffer())).toEqual(pdf);
  });

  it('say what they break of the rules of EN 16931 in both languages, and keep their own values', async () => {
    const tenant = await freshTenant();
    const posted = await post(tenant, ubl({ number: 'F-BR', net: '350.00' }).replace('350.00', '351.00'));
    const shown = document.parse(posted.body);
    expect(shown).toEqual(posted.body);
    expect(shown.ruleFindings).toContainEqual({
      code: 'BR-CO-10',
      line: null,
      found: '351.00',
      expected: '350.00',
      text: { fr: expect.stringContaining('BT-106'), en: expect.stringContaining('BT-106') },
    });
    expect(shown.lines).toMatchObject([{ net: '350.00' }]);
  });

  it('that are broken or hostile are refused with a code, and nothing is recorded', async () => {
    const tenant = await freshTenant();
    const entries = await size(tenant);
    const cases: [string, string][] = [
      ['', 'EMPTY'],
      [`<!DOCTYPE x [<!ENTITY a "b">]>${ubl({ number: 'X' })}`, 'DOCTYPE_FORBIDDEN'],
      [ubl({ number: 'X' }).slice(0, 900), 'XML_NOT_WELL_FORMED'],
      ['<a>'.repeat(200_000), 'LIMIT_DEPTH'],
      ['<html/>', 'UNKNOWN_DOCUMENT'],
      [ubl({ number: 'X' }).replaceAll('Invoice-2', 'Invoice-1'), 'UNSUPPORTED_VERSION'],
      [ubl({ number: '' }), 'MISSING_MANDATORY'],
      [ubl({ number: 'X', price: '1e3' }), 'VALUE_INVALID'],
      ['%PDF-1.7', 'PDF_NO_INVOICE'],
    ];
    for (const [xml, code] of cases) expect(outcome(await post(tenant, xml)), xml.slice(0, 60)).toEqual([422, code]);
    const json: [unknown, number, string][] = [
      ['{', 400, 'JSON_INVALID'],
      ['null', 400, 'JSON_INVALID'],
      ['5', 400, 'JSON_INVALID'],
      ['"x"', 400, 'JSON_INVALID'],
      [{ kind: 'invoice' }, 422, 'UNKNOWN_DOCUMENT'],
      [{ ...despatchAdvice, lines: [] }, 422, 'VALUE_INVALID'],
      [{ ...despatchAdvice, ssccs: ['1'] }, 422, 'VALUE_INVALID'],
    ];
    for (const [body, status, code] of json)
      expect(outcome(await call('POST', '/v1/documents', tenant.admin, body))).toEqual([status, code]);
    expect(outcome(await call('POST', '/v1/documents', tenant.admin, 'x', { 'content-type': 'image/png' }))).toEqual([415, 'MEDIA_TYPE']);
    expect(await size(tenant)).toBe(entries);
    expect((await env.ARCHIVE.list({ prefix: `${tenant.tenant}/` })).objects).toEqual([]);
  });

  it('are not listed by a status that there is not: the answer names those that there are', async () => {
    const { admin } = await freshTenant();
    const answer = await call('GET', '/v1/documents?status=FOO', admin);
    expect(outcome(answer)).toEqual([400, 'QUERY_INVALID']);
    expect(member(answer, 'fields')).toMatchObject([{ field: 'status', message: expect.stringMatching(/NOT_RECEIVED.*SUPERSEDED/) }]);
    for (const status of ['RECORDED', 'NO_LINES', 'SUPERSEDED', 'MATCHED'])
      expect((await call('GET', `/v1/documents?status=${status}`, admin)).status).toBe(200);
  });

  it('that were replaced say so themselves, and not among the open findings', async () => {
    const tenant = await freshTenant();
    const first = await post(tenant, ubl({ number: 'F-1' }));
    const reference =
      '<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>F-1</cbc:ID></cac:InvoiceDocumentReference></cac:BillingReference>';
    const corrected = ubl({ number: 'F-2' }).replace('>380<', '>384<').replace('<cac:AccountingSupplierParty>', `${reference}$&`);
    expect((await post(tenant, corrected)).status).toBe(201);
    const shown = document.parse((await call('GET', `/v1/documents/${member(first, 'id')}`, tenant.admin)).body);
    expect([shown.status, shown.findings.map(({ code }) => code)]).toEqual(['SUPERSEDED', ['SUPERSEDED']]);
    const open = findingPage.parse((await call('GET', '/v1/findings', tenant.admin)).body);
    expect(open.data.map(({ number, code }) => [number, code])).toEqual([['F-2', 'QUANTITY_SHORT']]);
  });

  it('over 20 MB are refused before they are read', async () => {
    const tenant = await freshTenant();
    const response = await exports.default.fetch('https://hub.test/v1/documents', {
      method: 'POST',
      headers: { authorization: `Bearer ${tenant.admin}`, ...XML },
      body: new Uint8Array(MAX_DOCUMENT_BYTES + 1).fill(0x20),
    });
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([413, 'BODY_TOO_LARGE']);
  });

  it('of another tenant do not exist, not even by their id or content', async () => {
    const [ours, theirs] = [await freshTenant(), await freshTenant()];
    const posted = await post(theirs, ubl({ number: 'F-3' }));
    for (const path of [`/v1/documents/${member(posted, 'id')}`, `/v1/documents/${member(posted, 'id')}/original`]) {
      expect(outcome(await call('GET', path, ours.admin))).toEqual([404, 'NOT_FOUND']);
      expect((await call('GET', path, theirs.admin)).status).toBe(200);
    }
    // The same invoice is new to us.
    expect((await post(ours, ubl({ number: 'F-3' }))).status).toBe(201);
  });

  it('stay out of sight of a key that may only read stock', async () => {
    const tenant = await freshTenant();
    const posted = await post(tenant, ubl({ number: 'F-4' }));
    const { key } = await keyWith(tenant, ['stock:read']);
    expect(outcome(await call('GET', `/v1/entries/${member(posted, 'entry')}`, key))).toEqual([403, 'SCOPE_MISSING']);
    expect((await call('GET', `/v1/entries/${member(posted, 'entry')}`, tenant.admin)).body).toMatchObject({ type: 'document' });
    expect((await call('GET', '/v1/entries/0', key)).body).toMatchObject({ type: 'company' });
  });
});
