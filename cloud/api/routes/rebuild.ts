import { ledgerOf } from '../ledgers.ts';
import { type Route, route } from '../route.ts';
import { projectionsState } from '../schemas/rebuild.ts';

const inspection = { rotations: 12, rotatedAt: 1790000000000 };
const running = { since: 57, next: 0, size: 57, why: 'asked', phase: 'clear' };

export const rebuildRoutes: readonly Route[] = [
  route({
    id: 'getProjections',
    method: 'GET',
    path: '/v1/projections',
    right: ['stock:read'],
    summary: 'How stock, documents and matching stand against the log: whether they are folded again just now, and what alarms stand',
    answers: {
      200: { text: 'The state', schema: projectionsState, example: { state: 'current', rebuild: null, inspection, alarms: [] } },
    },
    async handle({ caller, env }) {
      return { status: 200, body: await ledgerOf(env, caller.tenant).projections() };
    },
  }),
  route({
    id: 'rebuild',
    method: 'POST',
    path: '/v1/rebuild',
    right: ['log:admin'],
    summary: 'Folds everything again from the log, in the background; what is stored answers meanwhile, and is replaced where it differs',
    answers: {
      202: {
        text: 'It runs; one that ran already goes on',
        schema: projectionsState,
        example: { state: 'rebuilding', rebuild: running, inspection, alarms: [] },
      },
    },
    async handle({ caller, env, now }) {
      return { status: 202, body: await ledgerOf(env, caller.tenant).startRebuild('asked', now) };
    },
  }),
];
