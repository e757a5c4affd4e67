import t from 'tap';
import { toCitywatchError, toProblem } from '../../../../src/api/server/problems.ts';
import { CitywatchError, ERRORS, type ErrorCode } from '../../../../src/core/errors.ts';

t.test('every code of the table makes a problem document of its status', async (t) => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    const problem = toProblem(new CitywatchError(code), 'r-1');
    const { status, text } = ERRORS[code];
    t.same(problem, { type: `urn:citywatch:error:${code}`, title: text, status, code, requestId: 'r-1' });
  }
});

t.test('an unknown error keeps its text to itself', async (t) => {
  for (const thrown of [new Error('password=hunter2'), 'text', null, undefined, { code: 'ECONNREFUSED' }]) {
    const error = toCitywatchError(thrown);
    t.equal(error.code, 'internal');
    t.notMatch(JSON.stringify(toProblem(error)), /hunter2|ECONN/);
  }
});

t.test('a client that hangs up in its body is no fault of ours', async (t) => {
  const aborted = Object.assign(new Error('aborted'), { code: 'ECONNRESET', statusCode: 400 });
  t.equal(toCitywatchError(aborted).code, 'request.malformed');
  const elsewhere = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  t.equal(toCitywatchError(elsewhere).code, 'internal', 'a connection of our own is');
});
