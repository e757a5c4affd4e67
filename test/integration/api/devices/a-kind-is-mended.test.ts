import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { watchKinds } from '../../../../src/devices/kinds/kind-watch.ts';
import { Kinds } from '../../../../src/devices/kinds/kinds.ts';
import { KindDryRun } from '../../../../src/ingest/explain/kind-dry-run.ts';
import { UNGUARDED } from '../../../../src/ingest/readers/journal-feed.ts';
import { bearer, DEVICE_SECRET, KIOSK, startApi, TOKENS } from '../../../support/api/api.ts';
import { openDatabase } from '../../../support/devices/registry.ts';
import { drain, openIngest } from '../../../support/ingest/ingest.ts';
import { UNTROUBLED } from '../../../support/ingest/intake.ts';
import { temporaryDirectory } from '../../../support/ingest/journal.ts';
import { quietObserver } from '../../../support/services/services.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const KIND = (version: number, max: number) =>
  `kind: recycling-kiosk\nversion: ${version}\ntitle: { en: Kiosk, zh: 回收箱 }\nstream: false\nperiod_s: 60\n` +
  `stale_after_s: 300\nfields:\n  fill_pct: { type: number, unit: '%', min: 0, max: ${max} }\n`;

const clock = systemClock;
const observer = quietObserver();
const database = await openDatabase(t);
const kindFiles = await temporaryDirectory(t);
const put = async (text: string) => {
  await writeFile(join(kindFiles, '.new'), text);
  await rename(join(kindFiles, '.new'), join(kindFiles, 'recycling-kiosk.yaml'));
};
await put(KIND(1, 100));
const kinds = await Kinds.load(kindFiles);
await kinds.remember(database);
const watch = watchKinds({
  kinds,
  database,
  clock: new ManualClock(),
  observer,
  self: { kindChanged: () => {} },
  rules: { again: () => {} },
});

const ingest = await openIngest({
  directory: await temporaryDirectory(t),
  database,
  kinds,
  intake: { ...UNTROUBLED, kinds },
  firmwareOf: () => '2.10',
});
t.teardown(() => ingest.close());
const { intake, ledger, deadLetters, messages } = ingest;
const { journal } = ingest.lanes.live;
const api = await startApi(t, {
  intake,
  ledger,
  deadLetters,
  messages,
  kindDryRun: new KindDryRun({ guard: UNGUARDED, kinds, journal, clock }),
});

async function ask(method: 'GET' | 'POST', path: string, { payload = {}, token = TOKENS.admin as string } = {}) {
  const body = method === 'POST' ? { payload } : {};
  const answer = await api.call({ method, url: `/api/v1${path}`, headers: bearer(token), ...body });
  if (answer.status >= 300) throw new Error(`${path} answered ${answer.status}: ${answer.text}`);
  // biome-ignore lint/suspicious/noExplicitAny: an answer is looked into by the test that asked for it.
  return answer.body as any;
}

const send = (payload: object) =>
  ask('POST', `/devices/${KIOSK}/telemetry`, { payload, token: `${KIOSK}:${DEVICE_SECRET}` });
const replay = (payload: object, token?: string) =>
  ask('POST', '/dead-letters/replay', { payload, ...(token ? { token } : {}) });
const groups = async (token?: string) => (await ask('GET', '/dead-letters/groups', token ? { token } : {})).items;
const values = (name: string, value: number, id: string) => ({ id, values: { [name]: value } });

t.test('a kind that refused good data is mended, tried, and what it refused comes in', async (t) => {
  const { receipt } = await send([
    values('fill_pct', 10, 'a'),
    values('fill_pct', 110, 'b'),
    values('fill_pct', 120, 'c'),
  ]);
  await send(values('fill_pct', 115, 'd'));
  await send(values('humidity', 50, 'e'));
  await drain(ingest);
  t.match(await ask('GET', '/ledger'), {
    balanced: true,
    rows: [{ records: { total: 5, stored: 1, deadLettered: 4 } }],
  });

  const range = { reason: 'out-of-range', kind: 'recycling-kiosk', firmware: '2.10' };
  const found = await groups();
  t.match(found, [
    { ...range, count: 3, devices: 1, example: { device: KIOSK, path: 'values.fill_pct', reason: 'out-of-range' } },
    { reason: 'unknown-field', count: 1, example: { path: 'values.humidity', value: '50' } },
  ]);
  t.match(found[0].firstAt, /^\d{4}-.*Z$/);
  t.same(await groups(TOKENS.foreign), [], 'of another area nothing');
  const of = 'reason=out-of-range&kind=recycling-kiosk&replayed=false';
  t.equal((await ask('GET', `/dead-letters?${of}&firmware=2.10`)).items.length, 3);
  t.equal((await ask('GET', `/dead-letters?${of}&firmware=`)).items.length, 0, 'none is of unknown firmware');

  const trial = await ask('POST', '/kinds/dry-run', { payload: { yaml: KIND(2, 150), hours: 1 } });
  t.match(trial.reasons, [{ reason: 'out-of-range', path: 'values.fill_pct', before: 3, after: 0 }]);
  await put(KIND(2, 150));
  for (let look = 0; look < 2; look += 1) await watch.look();
  t.equal(kinds.latest('recycling-kiosk')?.version, 2, 'in force without a restart');

  t.same((await replay({ group: range }, TOKENS.foreign)).replayed, [], 'of another area nothing');
  const first = await replay({ group: range, limit: 2 });
  t.equal(first.replayed.length, 2);
  await drain(ingest);
  const rest = await replay({ group: range, limit: 2, cursor: first.next });
  t.equal(rest.replayed.length, 1);
  t.notOk(rest.next, 'that was all');
  await drain(ingest);

  t.match(await groups(), [{ reason: 'unknown-field', count: 1 }]);
  t.equal((await ask('GET', `/dead-letters?${of}`)).items.length, 0);
  t.equal((await ask('GET', '/dead-letters?reason=out-of-range&replayed=true')).items.length, 3);
  const books = await ask('GET', '/ledger');
  t.match(books, {
    balanced: true,
    rows: [{ messages: { total: 6, waiting: 0 }, records: { stored: 4, deadLettered: 4 } }],
  });
  t.match((await ask('GET', `/messages?id=${receipt}`)).items, [{ receipt }]);
});

t.test('what is refused again is not tried for ever', async (t) => {
  for (let n = 0; n < 5; n += 1) await send(values('humidity', n, `again-${n}`));
  await drain(ingest);
  const group = { reason: 'unknown-field', kind: 'recycling-kiosk', firmware: '2.10' };
  const replayed: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await replay({ group, limit: 2, ...(cursor ? { cursor } : {}) });
    replayed.push(...page.replayed);
    await drain(ingest);
    cursor = page.next;
  } while (cursor && replayed.length < 50);
  t.equal(replayed.length, 6);
  t.equal(new Set(replayed).size, 6);
  t.match(await groups(), [{ reason: 'unknown-field', count: 6 }], 'each is a dead letter once more');
  t.equal((await ask('GET', '/ledger')).balanced, true);
});

t.test('a wish that is none is refused with its field', async (t) => {
  const group = { reason: 'unknown-field', kind: 'recycling-kiosk', firmware: null };
  const { next } = await replay({ group: { ...group, firmware: '2.10' }, limit: 1 });
  const cases: [object, string][] = [
    [{}, 'body'],
    [{ ids: ['live-0'], group }, 'body'],
    [{ ids: ['live-0'], limit: 3 }, 'body'],
    [{ group, limit: 201 }, 'limit'],
    [{ group: { ...group, firmware: undefined } }, 'group.firmware'],
    [{ group: { ...group, device: 'x' } }, 'group.device'],
    [{ group, cursor: next }, 'cursor'],
    [{ group: { ...group, firmware: '2.10' }, cursor: `${next}x` }, 'cursor'],
  ];
  for (const [payload, path] of cases) {
    const answer = await api.call({
      method: 'POST',
      url: '/api/v1/dead-letters/replay',
      headers: bearer(TOKENS.admin),
      payload,
    });
    t.equal(answer.status, 400, JSON.stringify(payload));
    t.match(answer.body, { issues: [{ path }] });
  }
  const { text } = await api.call({
    method: 'GET',
    url: '/api/v1/dead-letters?replayed=perhaps',
    headers: bearer(TOKENS.admin),
  });
  t.match(text, /replayed/);
});
