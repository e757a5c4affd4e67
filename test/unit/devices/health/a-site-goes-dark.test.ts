import t from 'tap';
import { Groups } from '../../../../src/devices/health/groups.ts';
import { Outages } from '../../../../src/devices/health/outages.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const CHILDREN = ['a', 'b', 'c', 'd'];

function open() {
  const clock = new ManualClock(1_700_000_000_000);
  const groups = new Groups();
  const parents = new Map([...CHILDREN.map((id): [string, string] => [id, 'site']), ['lens', 'a']]);
  const outages = new Outages({
    groups,
    parentOf: (id) => parents.get(id) ?? null,
    identity: (id) => (id === 'gone' ? undefined : { id, kind: 'site', kindVersion: 1, jurisdiction: '330212' }),
    clock,
    observer: quietObserver(),
  });
  const said: string[] = [];
  let fails = false;
  const alerts = {
    holding: async () => ['before', 'gone'],
    say: async ({ id }: { id: string }, isDark: boolean, { dark, of }: { dark: number; of: number }) => {
      if (fails) throw new Error('no database');
      said.push(`${id} ${isDark ? `${dark}/${of}` : 'over'}`);
    },
  };
  const set = (child: string, offlineMs: number | null): void => {
    if (groups.set('site', child, offlineMs)) outages.judged('site');
    outages.judged(child);
  };
  const failing = (now: boolean): void => {
    fails = now;
  };
  return { clock, outages, alerts, said, set, failing };
}

t.test('a site that goes dark is told once, at the parent, and taken back once', async (t) => {
  const { clock, outages, alerts, said, set, failing } = open();
  for (const id of CHILDREN) set(id, null);
  await outages.start(alerts);
  await clock.advance(1_000);
  t.strictSame(said, ['before over'], 'what ended while the gateway was down is taken back');
  for (const id of ['a', 'b', 'c']) set(id, 1_000);
  failing(true);
  await clock.advance(2_000);
  failing(false);
  await clock.advance(3_000);
  t.strictSame(said.slice(1), ['site 3/4'], 'told again until it could be, and then no more');
  t.equal(outages.above('a'), 'site');
  t.equal(outages.above('lens'), 'site', 'what hangs on a dark device is dark by the same');
  t.strictSame(
    [outages.above('d'), outages.above('site'), outages.beside('d'), outages.beside('site')],
    [null, null, 4, 0],
  );
  for (const id of CHILDREN) set(id, null);
  await clock.advance(1_000);
  t.strictSame(said.slice(2), ['site over']);
  t.equal(outages.above('a'), null);
  await outages.stop();
});

t.test('what was dark with others is known for a while after it is back', async (t) => {
  const { clock, outages, alerts, set } = open();
  for (const id of CHILDREN) set(id, null);
  await outages.start(alerts);
  t.teardown(() => outages.stop());
  for (const id of ['a', 'b', 'c']) set(id, 1_000);
  const lately = () => [...CHILDREN, 'lens'].filter((id) => outages.lately(id));
  t.strictSame(lately(), ['a', 'b', 'c', 'lens']);
  await clock.advance(300_000);
  t.strictSame(lately(), ['a', 'b', 'c', 'lens'], 'as long as it lasts');
  for (const id of ['a', 'b']) set(id, null);
  await clock.advance(2_000);
  t.equal(outages.above('c'), null, 'it is over, though one is dark by itself');
  await clock.advance(80_000);
  t.strictSame(lately(), ['a', 'b', 'c', 'lens'], 'and all have time to come back');
  await clock.advance(12_000);
  t.strictSame(lately(), []);
});
