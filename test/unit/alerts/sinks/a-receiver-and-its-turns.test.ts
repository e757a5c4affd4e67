import t from 'tap';
import { Endpoints } from '../../../../src/alerts/sinks/endpoints.ts';

const AT_ONCE = 32;
const HELD = 128;

t.test('a receiver that answers gets 32 at once, the next in their order, and no more than it can hold', async (t) => {
  const endpoints = new Endpoints();
  const turns: number[] = [];
  const asked = Array.from({ length: HELD + 1 }, async (_, n) => {
    const turn = await endpoints.enter('slow', false);
    if (turn === 'go') turns.push(n);
    return turn;
  });
  t.equal(await asked[HELD], 'crowded');
  t.equal(turns.length, AT_ONCE);
  t.same(endpoints.crowded(), ['slow'], 'no more of its keys are claimed');
  t.equal(await endpoints.enter('other', false), 'go', 'another one is not held up');
  for (let n = 0; n < HELD; n += 1) {
    endpoints.ended('slow', true);
    await Promise.resolve();
  }
  await Promise.all(asked);
  t.same(
    turns,
    [...turns].sort((a, b) => a - b),
  );
  t.equal(turns.length, HELD);
  t.same(endpoints.crowded(), []);
});

t.test('when it fails, those in line wait as after a failure, and one at a time tries it', async (t) => {
  const endpoints = new Endpoints();
  const first = await Promise.all(Array.from({ length: AT_ONCE }, () => endpoints.enter('gone', false)));
  t.ok(first.every((turn) => turn === 'go'));
  const inLine = [endpoints.enter('gone', false), endpoints.enter('gone', false)];
  endpoints.ended('gone', false);
  t.same(await Promise.all(inLine), ['failing', 'failing']);
  for (let n = 1; n < AT_ONCE; n += 1) endpoints.ended('gone', false);
  t.equal(await endpoints.enter('gone', false), 'go');
  t.equal(await endpoints.enter('gone', false), 'failing');
  t.equal(endpoints.ended('gone', true), true, 'it is back');
});
