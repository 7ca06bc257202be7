import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeModel } from './model.fake.ts';
import { type Panel, startPanel } from './server.ts';
import { FakeSetUp } from './setup.fake.ts';

let setUp: FakeSetUp;
let panel: Panel;
beforeEach(async () => {
  setUp = new FakeSetUp();
  panel = await startPanel({ host: '127.0.0.1', port: 0, model: new FakeModel(), setUp, page: new Map() });
});
afterEach(() => panel.stop());

const ask = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`${panel.url}api/setup/${path}`, init);
const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  ask(path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
const codeOf = async (response: Response): Promise<unknown> => ((await response.json()) as { code?: unknown }).code;

const { revision } = new FakeSetUp().form();
const change = {
  revision,
  reader: { model: 'thingmagic', link: '/dev/rfid/dock-2', region: 'EU3', powerCdbm: 2_400, session: 1 },
  antennas: [{ door: 'D1', port: 1, side: 'outside' }],
};

describe('the set-up of readers', () => {
  it('shows what is heard, and which tag is followed', async () => {
    expect(await (await ask('state?epc=ABC')).json()).toEqual(setUp.current);
    expect(setUp.followed).toBe('ABC');
    expect(await (await ask('form')).json()).toMatchObject({ revision, models: ['thingmagic', 'a0'] });
  });

  it('takes a change of a reader', async () => {
    expect(await (await post('readers/r1', change)).json()).toEqual({ restarted: true, restartNeeded: false });
    expect(setUp.saved).toEqual([{ ...change, id: 'r1' }]);
  });

  it.each([
    ['without a revision', { ...change, revision: undefined }, 'revision'],
    ['with a field that nobody knows', { ...change, admin: true }, ''],
    ['with a side that no door has', { ...change, antennas: [{ door: 'D1', port: 1, side: 'top' }] }, 'antennas.0.side'],
    ['with more antennas than a node has', { ...change, antennas: Array(65).fill(change.antennas[0]) }, 'antennas'],
  ])('refuses a change %s', async (_, body, field) => {
    const answer = await post('readers/r1', body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: 'BODY_INVALID', fields: [{ field }] });
    expect(setUp.saved).toEqual([]);
  });

  it.each(['readers/r1', 'search', 'clear'])('has the same guards as a decision: %s', async (path) => {
    const body = path === 'readers/r1' ? change : {};
    expect(await codeOf(await post(path, body, { origin: 'http://evil.example' }))).toBe('ORIGIN_REFUSED');
    expect(await codeOf(await post(path, body, { 'content-type': 'text/plain' }))).toBe('NOT_JSON');
    expect(await codeOf(await post(path, { ...body, text: 'x'.repeat(200_000) }))).toBe('BODY_TOO_LARGE');
    expect([setUp.saved, setUp.searched, setUp.cleared]).toEqual([[], [], 0]);
    expect((await post(path, body, { origin: `http://127.0.0.1:${panel.port}` })).status).toBe(200);
  });

  it('says of a refused address that it is none', async () => {
    const answer = await post('search', { tcp: 'nowhere' });
    expect([answer.status, await codeOf(answer)]).toEqual([400, 'LINK_ADDRESS']);
  });

  it('hands a recording over as a file, and makes none for a HEAD request', async () => {
    const answer = await ask('readers/r1/recording?what=reads&seconds=5');
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="docket-r1-\d{8}T\d{6}Z\.tape"$/);
    expect(await answer.text()).toBe('docket-tape');
    expect(setUp.wishes).toEqual([{ what: 'reads', maxMb: 100, seconds: 5 }]);
    await ask('readers/r1/recording', { method: 'HEAD' });
    expect(setUp.wishes.length).toBe(1);
    expect((await ask('readers/r9/recording')).status).toBe(404);
    expect((await ask('readers/r1/recording?seconds=0')).status).toBe(400);
  });
});
