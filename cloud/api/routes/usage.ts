import { ledgerOf } from '../ledgers.ts';
import { type Route, route } from '../route.ts';
import { usage } from '../schemas/usage.ts';

export const usageRoutes: readonly Route[] = [
  route({
    id: 'getUsage',
    method: 'GET',
    path: '/v1/usage',
    right: ['stock:read'],
    summary: 'What the ledger has cost since it last woke: the rows that the platform bills',
    answers: { 200: { text: 'Counters', schema: usage, example: { entries: 1024, rowsWritten: 53000, rowsRead: 210000 } } },
    async handle({ caller, env }) {
      const ledger = ledgerOf(env, caller.tenant);
      const [rows, head] = await Promise.all([ledger.rows(), ledger.head()]);
      return { status: 200, body: { entries: head.size, rowsWritten: rows.written, rowsRead: rows.read } };
    },
  }),
];
