import t from 'tap';
import { ANSWERS, type Answers, Obedience, type Reply } from '../../../simulators/obedience.ts';
import { until } from '../../support/time/until.ts';

function device(answers: Answers) {
  const done: string[] = [];
  const replies: Reply[] = [];
  const obey = (name: string) => {
    if (name === 'fly') throw new Error('no wings');
    done.push(name);
    return { done: done.length };
  };
  const obedience = new Obedience({ answers, obey, reply: (reply) => void replies.push(reply) });
  const take = (command: Record<string, unknown> | string) =>
    obedience.take(Buffer.from(typeof command === 'string' ? command : JSON.stringify(command)));
  return { done, replies, take, stop: () => obedience.stop() };
}

const soon = () => Date.now() + 60_000;

t.test('a command is done once, however often it comes, and answered the same each time', async (t) => {
  const { done, replies, take } = device('once');
  const command = { id: 'c-1', name: 'unlock', args: {}, deadline: soon() };
  for (let n = 0; n < 3; n += 1) take(command);
  t.strictSame(done, ['unlock']);
  t.strictSame(
    replies,
    [1, 2, 3].map(() => ({ id: 'c-1', ok: true, result: { done: 1 } })),
  );
  take({ ...command, id: 'c-2', name: 'fly' });
  t.strictSame(replies.at(-1), { id: 'c-2', ok: false, result: { reason: 'no wings' } });
  take({ ...command, id: 'c-3', deadline: Date.now() - 1 });
  for (const odd of ['', '{', '[]', 'null', '{"id":7}', '{"id":"x"}']) take(odd);
  t.equal(replies.length, 4, 'nothing too late, nothing it does not understand');
  for (let n = 0; n < 300; n += 1) take({ ...command, id: `many-${n}` });
  t.equal(done.length, 301);
});

t.test('devices that make trouble', async (t) => {
  t.strictSame([...ANSWERS], ['once', 'never', 'twice', 'late']);
  const command = { id: 'c-1', name: 'unlock', args: {}, deadline: soon() };
  const never = device('never');
  never.take(command);
  t.strictSame([never.done.length, never.replies.length], [1, 0]);
  const twice = device('twice');
  twice.take(command);
  t.strictSame(
    twice.replies.map(({ ok }) => ok),
    [true, false],
    'the second says something else',
  );
  const late = device('late');
  late.take({ ...command, deadline: Date.now() + 50 });
  t.strictSame(late.replies, []);
  await until('it answers late', () => late.replies.length === 1);
  late.take(command);
  late.stop();
});
