import { describe, expect, it } from 'vitest';
import { Fault } from '../../protocol/fault.ts';
import { Problem, problemOf, problemResponse } from './problem.ts';
import { PROBLEMS } from './problems.ts';

describe('a problem', () => {
  it('is what a fault with a known code says, also when it crossed a call between objects', () => {
    const fault = new Fault('LIMIT_DEPTH', 'nested too deeply', { line: 3 });
    expect(problemOf(fault)).toMatchObject({ code: 'LIMIT_DEPTH', message: 'nested too deeply', details: { line: 3 } });
    const copied = Object.assign(new Error('nested too deeply'), {
      name: 'Fault',
      code: 'LIMIT_DEPTH',
      details: { line: 3 },
      remote: true,
    });
    expect(problemOf(copied)).toMatchObject({ code: 'LIMIT_DEPTH', message: 'nested too deeply', details: { line: 3 } });
  });

  it('tells nothing of the inside when something broke', async () => {
    const broken = [
      new Error('secret'),
      new Fault('SECRET_CODE', 'secret'),
      Object.assign(new Error('secret'), { code: 'toString' }),
      'secret',
      null,
      undefined,
    ];
    for (const error of broken) {
      const response = problemResponse(problemOf(error), 'id');
      const text = await response.text();
      expect([response.status, text.includes('secret'), text.includes('INTERNAL')]).toEqual([500, false, true]);
    }
  });

  it('asks to repeat what an overloaded or moving object did not do', () => {
    for (const flag of ['overloaded', 'retryable']) {
      const response = problemResponse(problemOf(Object.assign(new Error('x'), { [flag]: true })), 'id');
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    }
  });

  it('is answered as RFC 9457 describes', async () => {
    const response = problemResponse(
      new Problem('BODY_INVALID', 'name: too short', { fields: [{ field: 'name', message: 'too short' }] }),
      'id',
    );
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toEqual({
      type: 'urn:docket:problem:BODY_INVALID',
      title: PROBLEMS.BODY_INVALID.title,
      status: 400,
      code: 'BODY_INVALID',
      detail: 'name: too short',
      requestId: 'id',
      fields: [{ field: 'name', message: 'too short' }],
    });
  });
});
