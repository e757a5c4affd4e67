import t from 'tap';
import { z } from 'zod';
import { toIssues, validatorCompiler } from '../../../../src/api/server/validation.ts';
import type { CitywatchError } from '../../../../src/core/errors.ts';
import { countProcessorTime } from '../../../support/time/processor-time.ts';

const schema = z.strictObject({
  name: z.string().max(5),
  place: z.strictObject({ lat: z.number().min(-90) }),
  state: z.enum(['on', 'off']).optional(),
  list: z.array(z.int()).optional(),
});

function issuesOf(value: unknown) {
  return toIssues(schema.safeParse(value).error!, 'body', Object.keys(schema.shape));
}

t.test('names each wrong field, what is wrong and what would be right', async (t) => {
  t.same(issuesOf({ name: 'too long', place: { lat: -91, datum: 1 }, state: 'maybe', list: [1, 1.5], rights: 'all' }), [
    { path: 'name', message: 'is too large', remedy: 'At most 5 characters.' },
    { path: 'place.lat', message: 'is too small', remedy: 'At least -90.' },
    { path: 'place.datum', message: 'unknown field', remedy: 'Remove it.' },
    { path: 'state', message: 'is not a known value', remedy: 'One of: on, off.' },
    { path: 'list[1]', message: 'is not a whole number', remedy: 'Make it a whole number.' },
    { path: 'rights', message: 'unknown field', remedy: 'Remove it; known here: name, place, state, list.' },
  ]);
  t.same(issuesOf({ place: { lat: 0 } }), [{ path: 'name', message: 'is missing', remedy: 'Send a string.' }]);
  t.same(issuesOf(null), [{ path: 'body', message: 'is not an object', remedy: 'Make it an object.' }]);
});

t.test('a value that fits none of several shapes is explained by the closest', async (t) => {
  const either = z.union([z.strictObject({ a: z.strictObject({ b: z.number() }) }), z.string()]);
  t.same(toIssues(either.safeParse({ a: { b: 'x' } }).error!), [
    { path: 'a.b', message: 'is not a number', remedy: 'Make it a number.' },
  ]);
});

t.test('a thousand wrong fields make a short answer', async (t) => {
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`x${index}`.padEnd(500, 'x'), 1]));
  const issues = issuesOf({ name: 'n', place: { lat: 0 }, ...many });
  t.equal(issues.length, 20);
  t.ok(JSON.stringify(issues).length < 10_000);
});

t.test('a path parameter that cannot exist answers like one that does not', async (t) => {
  const params = z.strictObject({ id: z.string().max(3) });
  const validate = validatorCompiler({ schema: params, method: 'GET', url: '/', httpPart: 'params' });
  const { error } = validate({ id: 'long' }) as { error: CitywatchError };
  t.equal(error.code, 'not-found');
  t.same(validate({ id: 'ok' }), { value: { id: 'ok' } });
});

t.test('a text that no store takes is found among very many, in a short turn', async (t) => {
  const check = validatorCompiler({ schema: z.unknown(), httpPart: 'body', method: 'POST', url: '/' } as never);
  const many = Array.from({ length: 400_000 }, () => [1]);
  const spentMs = countProcessorTime();
  const checked = check(many);
  const tookMs = spentMs();
  t.ok(tookMs < 500, `took ${tookMs} ms`);
  t.same(checked, { value: many });
  const { error } = check({ list: [...many.slice(0, 9), { name: ['a', 'b\u0000'] }] }) as { error: CitywatchError };
  t.match(error.issues, [{ path: 'list[9].name[1]' }]);
});
