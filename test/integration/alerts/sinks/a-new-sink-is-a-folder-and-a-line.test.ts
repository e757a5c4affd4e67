import t from 'tap';
import { DELIVERY_QUEUE } from '../../../../src/alerts/desk/queues.ts';
import type { AlertTables } from '../../../../src/alerts/desk/tables.ts';
import { SINKS } from '../../../../src/alerts/sinks/sinks.ts';
import { allSettings, settingsWith } from '../../../../src/app/config/settings.ts';
import type { DoctorDeps } from '../../../../src/app/doctor/deps.ts';
import { checkSinks } from '../../../../src/app/doctor/sinks.ts';
import { createObserver, KnownSecrets } from '../../../../src/core/observe.ts';
import { UPLINKS } from '../../../../src/ingest/uplinks/uplinks.ts';
import { linesSink } from '../../../fixtures/sinks/lines/lines.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { BUSY_S, SINK_WORLDS } from '../../../support/alerts/sink-worlds.ts';
import { HERE } from '../../../support/api/api.ts';
import { until } from '../../../support/time/until.ts';

/** What is written to the log, all levels of it. */
let logged = '';
const destination = {
  write: (line: string): void => {
    logged += line;
  },
};
const observer = createObserver({ level: 'trace', secrets: new KnownSecrets(), destination });
/** The list with one line more. */
const TYPES = [...SINKS, linesSink];
const world = await SINK_WORLDS.lines!(t);
const sinkValues = { lines: world.settings };
const { desk, raise, ask } = await startAlertsApi(t, { observer, sinks: TYPES, sinkValues });
const { target } = world;
const token = String(target.token);
const base = { name: 'lines', jurisdiction: HERE, type: 'lines' };

interface Shown {
  id: string;
  state: string;
  lastError: string | null;
  counts: Record<string, number>;
}

const shown = async (id: string): Promise<Shown> => {
  const { items } = (await ask('GET', '/subscriptions')).body as { items: Shown[] };
  return items.find((each) => each.id === id)!;
};

t.test('its settings and what doctor says are known from the list', async (t) => {
  const settings = settingsWith(UPLINKS, TYPES);
  const keys = allSettings(settings).map(({ key, setting }) => `${key} ${setting.variable}`);
  t.ok(keys.includes('sinks.lines.networks CITYWATCH_LINES_NETWORKS'));
  t.throws(() => settingsWith(UPLINKS, [...TYPES, linesSink]), { name: 'RangeError' }, 'two of one type');
  const looks = (networks: string[]) => {
    const deps = { config: { sinks: { lines: { networks } } } } as never as DoctorDeps;
    const broken = { ...linesSink, type: 'broken', check: () => Promise.reject(new Error('nobody is there')) };
    return checkSinks(deps, [broken, ...TYPES], AbortSignal.timeout(1_000));
  };
  const gone = { level: 'problem', part: 'broken', what: /nobody is there/ };
  t.match(await looks(['127.0.0.0/8']), [gone]);
  t.match(await looks([]), [gone, { level: 'warning', part: 'lines', remedy: /CITYWATCH_LINES_NETWORKS/ }]);
});

t.test('a subscription keeps its target by the schema of its sink, and each wrong field is named', async (t) => {
  const wrong: [payload: object, path: string][] = [
    [{ ...base, target: { ...target, port: 0 } }, 'target.port'],
    [{ ...base, target: { ...target, token: 'short' } }, 'target.token'],
    [{ ...base, target: { host: target.host, port: target.port } }, 'target.token'],
    [{ ...base, target: { ...target, nonsense: 1 } }, 'target.nonsense'],
    [base, 'target'],
    [{ ...base, type: 'pigeon', target }, 'type'],
    [{ ...base, type: 'webhook', target: { url: 'ftp://127.0.0.1/' } }, 'target.url'],
    [{ ...base, type: 'webhook', target: { url: 'http://127.0.0.1/', secret: 'x' } }, 'target.secret'],
    [{ ...base, target, url: 'http://127.0.0.1/' }, 'target'],
    [{ name: 'short form', jurisdiction: HERE, url: 'nonsense' }, 'url'],
    [{ name: 'short form', jurisdiction: HERE, url: 'http://127.0.0.1/', secret: 'x' }, 'secret'],
    [{ name: 'short form', jurisdiction: HERE }, 'url'],
  ];
  for (const [payload, path] of wrong) {
    const { status, body, text } = await ask('POST', '/subscriptions', { payload });
    t.match({ status, body }, { status: 400, body: { code: 'request.invalid', issues: [{ path }] } }, text);
    t.notMatch(text, token);
  }
  const elsewhere = await ask('POST', '/subscriptions', { payload: { ...base, target: world.forbidden[0] } });
  t.match(elsewhere, { status: 400, body: { code: 'outbound.refused', detail: /CITYWATCH_LINES_NETWORKS/ } });
  t.same((await ask('GET', '/subscriptions')).body, { items: [] }, 'nothing was made');
});

t.test('its entries are delivered, counted, and asked for again like those of every sink', async (t) => {
  const made = await ask('POST', '/subscriptions', { payload: { ...base, target } });
  t.match(made, { status: 201, body: { type: 'lines', url: null, target: { host: '127.0.0.1', token: undefined } } });
  t.notMatch(made.text, token, 'a secret that was given is not shown');
  const { id } = made.body as { id: string };
  t.match(await ask('POST', `/subscriptions/${id}/test`), { body: { outcome: 'taken', status: null, reason: null } });

  await raise('kiosk-1');
  await until('its line', () => world.arrived.length > 1);
  const [probe, line] = world.arrived;
  t.match(JSON.parse(probe!.body), { id: /^test_/, test: true, token });
  t.match(JSON.parse(line!.body), { type: 'alert.opened', token, alert: { device: 'kiosk-1', severity: 'extreme' } });
  await until('it is counted', async () => (await shown(id)).counts.delivered === 1);

  world.answer('hopeless');
  await raise('kiosk-2');
  const letters = await until('it is dead', async () => {
    const { items } = (await ask('GET', `/subscriptions/${id}/dead-letters`)).body as { items: { id: string }[] };
    return items.length > 0 ? items : undefined;
  });
  t.match(
    letters,
    [{ id: /^msg_/, attempts: 1, lastError: /BAD/, lastStatus: null }],
    'after one attempt: no other helps',
  );
  world.answer('taken');
  await ask('POST', `/subscriptions/${id}/dead-letters`);
  await until('it is delivered', async () => (await shown(id)).counts.delivered === 2);
  t.equal(world.arrived.at(-1)?.id, letters[0]?.id, 'under its old id');
  t.equal(world.arrived.at(-1)?.body, world.arrived.at(-2)?.body);

  world.answer('busy');
  await raise('kiosk-3');
  await until('it waits', async () => (await shown(id)).lastError);
  interface Works {
    work_item: { queue: string; key: string; due_at_ms: number };
  }
  const tables = desk.database.tables<AlertTables & Works>();
  const work = tables.selectFrom('work_item').select('due_at_ms').where('queue', '=', DELIVERY_QUEUE);
  await until('its next turn is as late as it asked for', async () => {
    const next = await work.where('key', 'like', `${id} %`).executeTakeFirst();
    return next && next.due_at_ms > desk.clock.nowMs() + (BUSY_S - 3) * 1000;
  });

  world.answer('gone');
  await tables.updateTable('delivery').set({ created_at_ms: 0 }).where('state', '=', 'waiting').execute();
  await desk.work.hasten(DELIVERY_QUEUE, id);
  desk.doorbell.ring(DELIVERY_QUEUE);
  await until('it has ended', async () => (await shown(id)).state === 'disabled');
  t.match(await shown(id), { counts: { delivered: 2, dead: 1, waiting: 0, withheld: 0 } }, 'all that was raised');

  const row = await tables.selectFrom('subscription').selectAll().where('id', '=', id).executeTakeFirst();
  t.match(row, { type: 'lines', secrets: { token: [/^v1\./] } }, 'sealed');
  t.notMatch(JSON.stringify(row), token);
  for (const path of ['/subscriptions', `/subscriptions/${id}/dead-letters`, '/audit?limit=500']) {
    t.notMatch((await ask('GET', path)).text, token, path);
  }
  t.notMatch(logged, token);
});

t.test('a subscription whose sink this version lacks waits and says why', async (t) => {
  const made = await ask('POST', '/subscriptions', { payload: { ...base, target } });
  const { id } = made.body as { id: string };
  await desk.database
    .tables<AlertTables>()
    .updateTable('subscription')
    .set({ type: 'pigeon' })
    .where('id', '=', id)
    .execute();
  await raise('kiosk-4');
  const found = await until('it waits', async () => {
    const one = await shown(id);
    return one.lastError === null ? undefined : one;
  });
  t.match(found, { state: 'active', counts: { waiting: 1 }, lastError: /no sink pigeon; update the gateway/ });
  t.match(await ask('POST', `/subscriptions/${id}/test`), { status: 409 });
});
