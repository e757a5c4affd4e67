import t from 'tap';
import { Endpoints } from '../../../../src/alerts/route/endpoints.ts';

const AT_ONCE = 32;
const HELD = 128;

const CALM = { forced: false, urgency: 3 };

/** One subscription with an endpoint of its own. */
const door = (endpoint: string) => ({ endpoint, subscription: endpoint });

t.test('a receiver that answers gets 32 at once, the next in their order, and no more than it can hold', async (t) => {
  const endpoints = new Endpoints(() => 0);
  const turns: number[] = [];
  const asked = Array.from({ length: HELD + 1 }, async (_, n) => {
    const turn = await endpoints.enter(door('slow'), CALM);
    if (turn === 'go') turns.push(n);
    return turn;
  });
  t.equal(await asked[HELD], 'crowded');
  t.equal(turns.length, AT_ONCE);
  t.same(endpoints.crowded(), ['slow'], 'no more of its keys are claimed');
  t.equal(await endpoints.enter(door('other'), CALM), 'go', 'another one is not held up');
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

t.test('what is more urgent goes ahead in the line, but not of what came seconds before it', async (t) => {
  let nowMs = 0;
  const endpoints = new Endpoints(() => nowMs);
  const turns: string[] = [];
  const ask = async (name: string, urgency: number) => {
    await endpoints.enter(door('slow'), { forced: false, urgency });
    turns.push(name);
  };
  const under = Array.from({ length: AT_ONCE }, () => ask('under way', 3));
  const inLine = [ask('climbed', 4), ask('climbed too', 4), ask('opened', 3), ask('extreme', 1), ask('opened too', 3)];
  nowMs = 1_001;
  inLine.push(ask('opened late', 3), ask('extreme late', 1));
  for (const _ of [...under, ...inLine]) {
    endpoints.ended('slow', true);
    await Promise.resolve();
  }
  await Promise.all([...under, ...inLine]);
  t.same(turns.slice(AT_ONCE), [
    'extreme',
    'extreme late',
    'opened',
    'opened too',
    'climbed',
    'climbed too',
    'opened late',
  ]);
});

t.test('when it fails, those in line wait as after a failure, and one at a time tries it', async (t) => {
  const endpoints = new Endpoints(() => 0);
  const first = await Promise.all(Array.from({ length: AT_ONCE }, () => endpoints.enter(door('gone'), CALM)));
  t.ok(first.every((turn) => turn === 'go'));
  const inLine = [endpoints.enter(door('gone'), CALM), endpoints.enter(door('gone'), CALM)];
  endpoints.ended('gone', false);
  t.same(await Promise.all(inLine), ['failing', 'failing']);
  for (let n = 1; n < AT_ONCE; n += 1) endpoints.ended('gone', false);
  t.equal(await endpoints.enter(door('gone'), CALM), 'go');
  t.equal(await endpoints.enter(door('gone'), CALM), 'failing');
  t.same(endpoints.ended('gone', true), ['gone'], 'it is back');
});

t.test('subscriptions of one endpoint fail and come back together, others are not asked', async (t) => {
  const endpoints = new Endpoints(() => 0);
  const first = { endpoint: 'shared', subscription: 'a' };
  const second = { endpoint: 'shared', subscription: 'b' };
  t.equal(await endpoints.enter(first, CALM), 'go');
  t.same(endpoints.ended('shared', false), []);
  t.equal(await endpoints.enter(first, CALM), 'go', 'one tries it');
  t.equal(await endpoints.enter(second, CALM), 'failing', 'and nobody beside it');
  t.equal(await endpoints.enter(door('other'), CALM), 'go');
  t.same(endpoints.ended('shared', true).sort(), ['a', 'b']);
  t.equal(await endpoints.enter(second, CALM), 'go');
});

t.test('an endpoint that asks to be left alone is, but by who has no time left', async (t) => {
  let nowMs = 0;
  const endpoints = new Endpoints(() => nowMs);
  await endpoints.enter(door('busy'), CALM);
  endpoints.ended('busy', false, 7_000);
  nowMs = 6_999.4;
  t.equal(await endpoints.enter(door('busy'), CALM), 'failing');
  t.equal(endpoints.leftAloneMs('busy'), 1);
  t.equal(await endpoints.enter(door('busy'), { ...CALM, forced: true }), 'go', 'the last attempt of an old entry');
  endpoints.ended('busy', false);
  nowMs = 7_000;
  t.equal(await endpoints.enter(door('busy'), CALM), 'go');
  t.same(endpoints.ended('busy', true), ['busy']);
  t.equal(endpoints.leftAloneMs('busy'), 0);
});

t.test('what ended is forgotten with its last subscription', async (t) => {
  const endpoints = new Endpoints(() => 0);
  for (const subscription of ['a', 'b']) {
    await endpoints.enter({ endpoint: 'shared', subscription }, CALM);
    endpoints.ended('shared', false);
  }
  endpoints.forget('a');
  t.equal(await endpoints.enter({ endpoint: 'shared', subscription: 'b' }, CALM), 'go');
  t.equal(await endpoints.enter({ endpoint: 'shared', subscription: 'b' }, CALM), 'failing', 'still known to fail');
  endpoints.ended('shared', false);
  endpoints.forget('b');
  t.same(endpoints.ended('shared', true), [], 'nothing is known of it');
});
