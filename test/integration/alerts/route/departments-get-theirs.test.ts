import t from 'tap';
import { Ladder } from '../../../../src/alerts/ladder/ladder.ts';
import { ALWAYS_MANNED } from '../../../../src/alerts/route/stages/climb.ts';
import { ONE_BY_ONE } from '../../../../src/alerts/route/stages/storm.ts';
import { departmentsOf } from '../../../../src/alerts/route/subscription-shares.ts';
import type { RuleBook } from '../../../../src/alerts/rules/rule-book.ts';
import { composeStages } from '../../../../src/app/compose/alerts/stages.ts';
import { WorkDays } from '../../../../src/core/calendar/work-days.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { departmentInput } from '../../../../src/devices/departments/input.ts';
import { NO_ZONES } from '../../../support/access/tree.ts';
import { ADMIN, startReceiver, webhookAt } from '../../../support/alerts/alert-desk.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { NO_OUTAGES } from '../../../support/alerts/no-outages.ts';
import { callerIn, kiosk, type OpenRegistry, openRegistry } from '../../../support/devices/registry.ts';
import { until } from '../../../support/time/until.ts';

const CITY = callerIn('330200');
const NATION = callerIn('000000');
const YINZHOU = '330212';

let ground: OpenRegistry;
/** Departments that rules name: a rule that comes later is an entry of its own. */
const named = new Map<string, string[]>([['dust', ['生态环境局']]]);
const book = { departmentsOf: (rule: string) => named.get(rule) ?? [], current: () => [] } as unknown as RuleBook;
const stages = composeStages(
  {
    tree: NO_ZONES,
    devices: {
      get: (id) => ground.directory.get(id),
      ids: () => ground.directory.ids(),
      maintained: () => null,
    },
    departments: {
      meant: (name, jurisdiction) => ground.departments.meant(name, jurisdiction),
      standsFor: (id) => ground.departments.standsFor(id),
    },
    clock: systemClock,
    workDays: WorkDays.WEEKENDS,
    outages: NO_OUTAGES,
    ladder: Ladder.NONE,
    manned: ALWAYS_MANNED,
  },
  book,
);
const { desk, raise, ask } = await startAlertsApi(t, { stages });
ground = await openRegistry(t, { database: desk.database });

type Receiver = Awaited<ReturnType<typeof startReceiver>>;

/** A receiver of what concerns these departments; of all where none is named. */
async function told(name: string, ...departments: string[]): Promise<Receiver> {
  const receiver = await startReceiver(t);
  const some = departments.length > 0 ? { departments } : {};
  await desk.subscriptions.create(ADMIN, { name, ...webhookAt(receiver.url), jurisdiction: '330200', ...some });
  return receiver;
}

const heard = (receiver: Receiver) =>
  receiver.once().map(({ data: { type, data } }) => {
    const { rule, device } = data as unknown as { rule: string; device: string };
    return `${type.slice('alert.'.length)} ${rule.split('@')[0]} ${device}`;
  });

async function device(id: string, owner: string | null): Promise<void> {
  await ground.registry.create(CITY, kiosk({ id, confirm: true, ...(owner ? { file: { owner } } : {}) }));
}

const alertOf = (id: string, rule: string) =>
  until(`the alert of ${id}`, async () => (await desk.queries.list(ADMIN, { limit: 1, device: id, rule })).items[0]);

t.test('each department gets what its devices or its rules say, and nothing else', async (t) => {
  await device('k-food', '食药监');
  await device('k-town', '城管局');
  await device('k-shop', '一个小店');
  const receivers = {
    food: await told('food', 'market-regulation'),
    town: await told('town', 'urban-management'),
    air: await told('air', 'ecology'),
    both: await told('both', 'ecology', 'urban-management'),
    police: await told('police'),
  };
  for (const id of ['k-food', 'k-town', 'k-shop']) await raise(id, { rule: 'fire', jurisdiction: YINZHOU });
  await raise('k-shop', { rule: 'dust', jurisdiction: YINZHOU });
  await raise('k-town', { rule: 'dust', jurisdiction: YINZHOU });
  t.match(await alertOf('k-food', 'fire'), { departments: ['market-regulation'] }, 'by the name of before');
  t.match(await alertOf('k-town', 'dust'), { departments: ['ecology', 'urban-management'] });
  t.match(await alertOf('k-shop', 'fire'), { departments: [] }, 'a shop is no department');
  await until('all is told', () => heard(receivers.police).length === 5);
  await desk.work.idle();
  t.strictSame(heard(receivers.food), ['opened fire k-food']);
  t.strictSame(heard(receivers.town).sort(), ['opened dust k-town', 'opened fire k-town']);
  t.strictSame(heard(receivers.air).sort(), ['opened dust k-shop', 'opened dust k-town']);
  t.strictSame(heard(receivers.both).sort(), ['opened dust k-shop', 'opened dust k-town', 'opened fire k-town']);
});

t.test('a rule that comes later reaches them without another word', async () => {
  const air = await told('air again', 'ecology');
  named.set('odour', ['环保']);
  await device('k-odour', null);
  await raise('k-odour', { rule: 'odour', jurisdiction: YINZHOU });
  await until('it is told', () => heard(air).includes('opened odour k-odour'));
});

t.test('who was told of the beginning is told of the end, whoever owns the device by then', async (t) => {
  const [town, air] = [await told('town of before', 'urban-management'), await told('air of now', 'ecology')];
  await device('k-given', '城管局');
  await raise('k-given', { rule: 'fire', jurisdiction: YINZHOU });
  const { id } = await alertOf('k-given', 'fire');
  await ground.registry.update(CITY, 'k-given', 1, { file: { owner: '环保' } });
  await raise('k-given', { rule: 'fire', jurisdiction: YINZHOU, kind: 'cleared' });
  await until('the end', () => heard(town).includes('cleared fire k-given'));
  await desk.work.idle();
  t.strictSame(heard(air), []);
  t.match(await desk.queries.get(ADMIN, id), { condition: 'cleared', departments: ['urban-management'] });
});

t.test('what follows a department stands in its place, in alerts and in subscriptions', async () => {
  const add = (input: object) => ground.departments.add(NATION, departmentInput.parse(input));
  const old = await add({ name: { zh: '鄞州城管' }, jurisdiction: YINZHOU });
  const receiver = await told('of before', old.id);
  await device('k-followed', '鄞州城管');
  await raise('k-followed', { rule: 'fire', jurisdiction: YINZHOU });
  await until('it is told', () => heard(receiver).length === 1);
  const next = await add({
    name: { zh: '鄞州执法局' },
    jurisdiction: YINZHOU,
    validFrom: '2020-01-01',
    replaces: [old.id],
  });
  const later = await told('of now', next.id);
  await raise('k-followed', { rule: 'fire', jurisdiction: YINZHOU, kind: 'cleared' });
  await until('the end', () => heard(receiver).includes('cleared fire k-followed'));
  await until('the end', () => heard(later).includes('cleared fire k-followed'));
  await device('k-new', '鄞州执法局');
  await raise('k-new', { rule: 'fire', jurisdiction: YINZHOU });
  await until('what comes later', () => heard(receiver).includes('opened fire k-new'));
});

t.test('nobody is behind an alert that is not theirs in a storm', async (t) => {
  const food = await told('food in a storm', 'market-regulation');
  const minor = { rule: 'full', severity: 'minor', jurisdiction: YINZHOU };
  const others = Array.from({ length: ONE_BY_ONE + 3 }, (_, n) => `k-other-${n}`);
  for (const id of others) await device(id, '城管局');
  for (const id of others) await raise(id, minor);
  await until('a storm', async () => {
    const { items } = await desk.queries.list(ADMIN, { limit: 100, rule: 'full' });
    return items.some(({ stormCount }) => stormCount > 1);
  });
  await device('k-ours', '食药监');
  await raise('k-ours', minor);
  await until('it is told', () => heard(food).includes('opened full k-ours'));
  t.match(await alertOf('k-ours', 'full'), { storm: null, visibility: 'normal' });
});

t.test('a department that is not there, or not the caller’s, is refused', async (t) => {
  const body = (departments: unknown) => ({
    payload: { name: 'x', url: 'http://127.0.0.1:1/', jurisdiction: YINZHOU, departments },
  });
  const made = await ask('POST', '/subscriptions', body(['ecology', 'ecology']));
  t.equal(made.status, 201, JSON.stringify(made.body));
  t.strictSame((made.body as { departments: unknown }).departments, ['ecology']);
  for (const wrong of [[], 'ecology', [''], Array.from({ length: 65 }, (_, n) => `d${n}`)]) {
    t.equal((await ask('POST', '/subscriptions', body(wrong))).status, 400, JSON.stringify(wrong));
  }
  const theirs = await ground.departments.add(
    NATION,
    departmentInput.parse({ name: { zh: '绵阳城管' }, jurisdiction: '510700' }),
  );
  for (const id of ['nobody', theirs.id]) {
    t.throws(() => departmentsOf(ground.departments, CITY, { departments: ['ecology', id] }), {
      code: 'request.invalid',
      issues: [{ path: 'departments.1' }],
    });
  }
  t.strictSame(departmentsOf(ground.departments, callerIn('510703'), { departments: [theirs.id] }), [theirs.id]);
});
