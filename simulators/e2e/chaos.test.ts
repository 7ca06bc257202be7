import { describe, expect, it, onTestFailed } from 'vitest';
import { runChaos } from '../chaos/run.ts';

/** A round of the deck on the fast node, and two kills of the whole edge. */
const KILLS = 10;
/** A busy machine; a kill takes two to five seconds. */
const LIMIT_MS = 420_000;

describe('chaos', () => {
  it(
    'kills edge and hub in every state a record can be in, and nothing is lost or counted twice',
    async () => {
      const log: string[] = [];
      onTestFailed(() => console.log(log.join('\n')));
      const report = await runChaos({ kills: KILLS, seed: 20_261_124, dockShare: 0.2, say: (line) => log.push(line) });
      expect(report.problems).toEqual([]);
      expect(report.kills).toBe(KILLS);
      expect(report.passages).toBeGreaterThan(KILLS);
      expect([report.lost, report.twice]).toEqual([0, 0]);
    },
    LIMIT_MS,
  );
});
