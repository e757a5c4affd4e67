import { randomUUID } from 'node:crypto';
import t from 'tap';
import { systemClock } from '../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database, sql } from '../../../src/platform/database/database.ts';
import { EventReader } from '../../support/alerts/event-reader.ts';
import {
  addressOf,
  EDITS_OF_AN_AGENCY,
  marksFor,
  NEIGHBOUR,
  OF_AN_AGENCY,
  questionsFor,
  readingRoutes,
  tokensIn,
  triersOf,
  tryBorder,
} from '../../support/api/border.ts';
import {
  type Edit,
  editsOf,
  KIOSK,
  LIVELY,
  maintenance,
  makeTrees,
  NO_EDITS,
  place,
  plan,
} from '../../support/api/edits.ts';
import { askedGrants, ownSession, photoOf, readyDevice } from '../../support/api/proof.ts';
import { EVENT_SOURCE } from '../../support/api/subscription-requests.ts';
import { watchlistEdits } from '../../support/api/watchlist-requests.ts';
import { ADMIN_TOKEN, type Answer, Gateway } from '../../support/gateway/gateway.ts';
import { tinyPicture } from '../../support/ingest/images.ts';
import { quietObserver } from '../../support/services/services.ts';
import { freshDatabase, lentInflux, sharedRedis } from '../../support/services/shared-database.ts';
import { chance } from '../../support/time/random.ts';
import { until } from '../../support/time/until.ts';

const password = 'a long enough phrase';

const { url } = await freshDatabase(t);
const database = await Database.open({ url, observer: quietObserver(), clock: systemClock, limits: DATABASE_LIMITS });
t.teardown(() => database.close());
const gateway = await Gateway.start(t, {
  ...lentInflux(t),
  DATABASE_URL: url,
  REDIS_URL: (await sharedRedis(t)).url,
  CITYWATCH_WEBHOOK_NETWORKS: '127.0.0.0/8',
});

const random = chance();
const contents = await questionForAll();
const { edits, questions } = await prepared();
/** Of a viewer of the neighbouring county, and of who is limited to an agency in this one. */
let foreignTokens: string[] = [];

t.test('the table has every route that edits', async (t) => {
  const { paths } = (await gateway.api('GET', '/../openapi.json')).body as { paths: Record<string, object> };
  const writing = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods)
      .filter((method) => ['post', 'put', 'patch', 'delete'].includes(method))
      .map((method) => `${method.toUpperCase()} ${path.replace('/api/v1', '')}`),
  );
  t.ok(writing.length > 20);
  t.strictSame(writing.toSorted(), [...Object.keys(NO_EDITS), ...edits.keys()].toSorted());
});

t.test('an edit whose audit row is refused answers an error and leaves nothing changed', async (t) => {
  await run(`
    create function refuse_audit() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
    create trigger refuse_audit before insert on audit_entry for each row execute function refuse_audit()`);
  const before = await everything();
  for (const [route, edit] of edits) {
    const { status } = await ask(route, edit);
    t.ok(status >= 500, `${route} answers ${status}`);
    t.strictSame(await everything(), before, `${route} changed nothing`);
  }
  await run('drop trigger refuse_audit on audit_entry');
});

t.test('the table of questions has every route that reads', async (t) => {
  t.strictSame((await readingRoutes(gateway)).toSorted(), Object.keys(questions).toSorted());
  for (const [route, path] of Object.entries(questions)) t.match(path, addressOf(route), route);
});

t.test('nobody of the neighbouring county, or of an agency without it, reads or changes any of it', async (t) => {
  const tokens = await tokensIn(gateway, { area: NEIGHBOUR, home: '330203' });
  const shown = await tryBorder(t, { gateway, questions, tokens, random });
  t.ok(shown.length >= 20, `the owner is shown it by ${shown}`);
  for (const role of ['viewer', OF_AN_AGENCY]) {
    const numbers = await gateway.api('GET', '/overview', { token: tokens.get(role)! });
    const alerts = { extreme: 0, severe: 0, moderate: 0, minor: 0 };
    t.match(numbers.body, { devices: [], messagesPerSecond: 0, alerts });
  }
  const before = await everything();
  for (const [route, edit] of edits) {
    // Whoever shows who they are in another way is nobody of there.
    if (['POST /session', 'POST /claims'].includes(route) || edit.headers?.authorization) continue;
    for (const [role, token] of triersOf(tokens, random)) {
      if (role === OF_AN_AGENCY && EDITS_OF_AN_AGENCY.includes(route)) continue;
      const { status, text } = await ask(route, edit, token);
      t.ok(status < 500, `${route} answers a ${role} from beyond with ${status}`);
      const told = marksFor(role).exec(text)?.[0];
      t.ok(told === undefined || JSON.stringify(edit).includes(told), `${route} tells a ${role} from beyond ${told}`);
    }
  }
  t.strictSame(await everything(), before, 'and nothing was changed');
  foreignTokens = ['viewer', OF_AN_AGENCY].map((role) => tokens.get(role)!);
});

t.test('the same requests succeed when it is taken, each with one row more', async (t) => {
  const port = Number(new URL(gateway.httpUrl).port);
  const foreign = await Promise.all(foreignTokens.map((token) => EventReader.greeted(t, port, token)));
  const own = await EventReader.greeted(t, port, ADMIN_TOKEN);
  for (const [route, edit] of edits) {
    const before = await auditRows();
    const { status, text } = await ask(route, edit);
    t.ok(status < 300, `${route} answers ${status}: ${status < 300 ? '' : text}`);
    t.equal(await auditRows(), before + 1, route);
  }
  const ofAlert = [...edits.keys()].filter((route) => route.startsWith('POST /alerts/')).length;
  await until('a live reader heard of all that was done to the alert', () => own.events.length > ofAlert);
  for (const { ended, events } of foreign) {
    t.same([ended, events.length], [false, 1], 'and one beyond the border of nothing');
  }
});

t.test('devices that were answered outlive a kill, and none is there without its audit row', async (t) => {
  const answered: string[] = [];
  const register = async (connection: number): Promise<void> => {
    for (let number = 0; gateway.isRunning; number += 1) {
      const id = `rush-${connection}-${number}`;
      const body = { kind: 'recycling-kiosk', id, name: 'one of many', ...place };
      const status = await gateway.api('POST', '/devices', { body }).then((answer) => answer.status, String);
      if (status !== 201) return void (answered.length < 100 && t.fail(`${id}: ${status}`));
      answered.push(id);
      if (answered.length === 100) void gateway.stop('SIGKILL');
    }
  };
  await Promise.all(Array.from({ length: 16 }, (_, connection) => register(connection)));
  const { rows } = await sql<{ devices: string[]; audited: string[] }>`
    select array(select id from position join assignment on position_id = id
                 where id like 'rush-%' order by 1) as devices,
           array(select substr(subject, 8) from audit_entry
                 where subject like 'device/rush-%' order by 1) as audited`.execute(database.tables());
  const { devices = [], audited } = rows[0] ?? {};
  t.ok(answered.length >= 100, `${answered.length} were answered`);
  const lost = answered.filter((id) => !devices.includes(id));
  t.strictSame(lost, []);
  t.strictSame(audited, devices);
});

/** A gateway with one of everything that can be edited. */
async function prepared(): Promise<{ edits: Map<string, Edit>; questions: Record<string, string> }> {
  const secret = await gateway.register({ id: KIOSK, ...place });
  const send = (values: object) =>
    gateway.api('POST', `/devices/${KIOSK}/telemetry`, { body: { values }, token: `${KIOSK}:${secret}` });
  await send({ smoke: true, temp_c: 85 });
  await send({ nonsense: 1 });
  const made = async (path: string, body: object): Promise<string> =>
    (await gateway.api('POST', path, { body })).body.id;
  const person = { name: 'Li', role: 'operator', jurisdiction: '330203', password };
  await gateway.register({ id: 'kiosk-9', ...place });
  await gateway.register({ id: 'camera-1', kind: 'camera', ...place });
  const command = await made(`/devices/${KIOSK}/commands`, {
    name: 'lock',
    deadline: new Date(Date.now() + 3_600_000).toISOString(),
  });
  const asKiosk = { token: `${KIOSK}:${secret}`, headers: { 'content-type': 'image/png' } };
  const sent = await gateway.api('POST', `/devices/${KIOSK}/images`, { body: tinyPicture(), ...asKiosk });
  const image = sent.body.id;
  const planned = (await gateway.api('POST', '/plans', { body: plan })).body.plan;
  const check = await made('/checks', { jurisdiction: '330203' });
  const hanging = await stepsOfUnits();
  const wanted = { id: randomUUID(), device: KIOSK, title: 'no picture' };
  const order = (await gateway.api('POST', '/orders', { body: wanted })).body.number;
  const photo = await photoOf(gateway, order);
  const ready = await readyDevice(gateway, { id: 'kiosk-10', ...place }, KIOSK);
  const user = await made('/users', { username: 'li', ...person });
  const leaver = await made('/users', { username: 'zhao', ...person });
  const token = { name: 'n', role: 'viewer', jurisdiction: '330203' };
  const grants = await askedGrants(gateway);
  const own = await ownSession(gateway, { ...person, username: 'qian' });
  await makeTrees(made);
  const oldToken = await made('/tokens', token);
  const hook = { name: 'centre', url: 'http://127.0.0.1:9/hook', jurisdiction: '330203', severities: ['minor'] };
  const subscription = await made('/subscriptions', hook);
  const ownerless = await subscriptionWithoutOwner(hook, token);
  const entries = [{ plate: '浙B12345', reason: 'stolen', validUntil: '2099-01-01T00:00:00Z' }];
  const list = { name: 'stolen', jurisdiction: '330203', reason: 'stolen', case: 'A-1', entries };
  await made('/event-sources', EVENT_SOURCE);
  const watchlist = await made('/watchlists', list);
  // One that begins later: nothing goes on before.
  const [startsAt, endsAt] = [3_600_000, 86_400_000].map((ms) => new Date(Date.now() + ms).toISOString());
  const silence = { jurisdiction: '330203', device: 'camera-1', reason: 'works', startsAt, endsAt };
  const silenceId = await made('/silences', silence);
  const [alert] = await until('an alert', async () => some(await gateway.get('/alerts')));
  const [letter] = await until('a dead letter', async () => some(await gateway.get('/dead-letters')));
  const wantedPlates = await watchlistEdits(gateway, '330203', user);
  await gateway.settledLedger();
  let [seen, times] = ['', 0];
  await until('nothing goes on: ten looks see the same', async () => {
    const now = JSON.stringify(await everything());
    [seen, times] = [now, now === seen ? times + 1 : 1];
    return times === 10;
  });
  const people = { user, leaver, person, token, oldToken };
  const things = { hanging, hook, subscription, ownerless, list, watchlist, silence, silenceId };
  const ofAll = editsOf({ ...people, ...things, ...ready, alert, letter, own, grants, order });
  const edits = new Map([...ofAll, ...wantedPlates]);
  const named = { kiosk: KIOSK, serial: 'H-5', camera: 'camera-1', check, plan: planned };
  return { edits, questions: questionsFor({ ...named, command, image, alert: alert.id, subscription, order, photo }) };
}

/** A step of units for each of four kiosks, in a state that allows it. */
async function stepsOfUnits(): Promise<[string, Edit][]> {
  const replaces: string[] = [];
  for (const number of [4, 5, 6]) {
    const id = `kiosk-${number}`;
    await gateway.register({ id, ...place });
    if (number === 4) continue;
    const { body } = await gateway.api('POST', `/devices/${id}/units`, { body: { unit: { serial: `H-${number}` } } });
    replaces.push(body.unit.id);
  }
  await gateway.api('POST', '/devices/kiosk-6/maintenance', { body: maintenance });
  await gateway.register({ id: 'kiosk-8', ...place });
  await answeredBy('kiosk-8', 'S-2');
  const [down, undone] = replaces.map((unit) => ({ replaces: unit, reason: 'r' }));
  return [
    ['POST /devices/{id}/swap', { path: '/devices/kiosk-8/swap', body: { serial: 'S-2' } }],
    ['POST /devices/{id}/units', { path: '/devices/kiosk-4/units', body: { unit: { serial: 'H-4' } } }],
    ['POST /devices/{id}/units/take-down', { path: '/devices/kiosk-5/units/take-down', body: down! }],
    ['POST /devices/{id}/swap/undo', { path: '/devices/kiosk-6/swap/undo', body: undone! }],
  ];
}

/** A subscription whose token has ended since. */
async function subscriptionWithoutOwner(hook: object, token: object): Promise<string> {
  const ending = await gateway.api('POST', '/tokens', { body: { ...token, role: 'operator' } });
  const theirs = await gateway.api('POST', '/subscriptions', { body: hook, token: ending.body.token });
  await gateway.api('DELETE', `/tokens/${ending.body.id}`, { headers: { 'if-match': '"1"' } });
  return theirs.body.id;
}

/** As if another unit answered at the address of a device. */
async function answeredBy(device: string, serial: string): Promise<void> {
  const found = { maker: null, model: null, serial, firmware: null, mac: null, endpoint: null };
  await run(`insert into foreign_unit values ('${device}', 0, '["serial"]', '${JSON.stringify(found)}')`);
}

function ask(
  route: string,
  { path, body, headers = {} }: Edit,
  token = headers.cookie ? '' : ADMIN_TOKEN,
): Promise<Answer> {
  const [method, pattern] = route.split(' ') as [string, string];
  return gateway.api(method, path ?? pattern, { body, headers, token: pattern === '/session' ? '' : token });
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into by the test that asked for them.
function some({ items }: any): any[] | null {
  return items.length > 0 ? items : null;
}

type Counted = { kind: string; messages: { total: number } };
/** The contents of every table that stands still, and of the journal how many messages but the gateway's own. */
async function everything(): Promise<Record<string, unknown>> {
  await until('the registers are sealed', async () => {
    const open = sql<{ is: boolean }>`select exists (select from access_register where link is null)
      or exists (select from audit_entry where link is null) as is`;
    return !(await open.execute(database.tables())).rows[0]?.is;
  });
  const { rows } = await sql<{ name: string; held: string | null }>`${sql.raw(contents)}`.execute(database.tables());
  const { rows: ledger } = await gateway.get('/ledger');
  const messages = ledger.flatMap(({ kind, messages: { total } }: Counted) => (kind === 'gateway' ? [] : [total]));
  return { ...Object.fromEntries(rows.map(({ name, held }) => [name, held])), messages };
}

/** One question for all tables: it is asked before and after each of many edits. */
async function questionForAll(): Promise<string> {
  const tables = sql<{ name: string }>`
    select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`;
  const { rows } = await tables.execute(database.tables());
  const still = rows.filter(({ name }) => !LIVELY.includes(name));
  return still
    .map(
      ({ name }) =>
        `select '${name}' as name, (select json_agg(t::text order by t::text) from "${name}" t)::text as held`,
    )
    .join(' union all ');
}

async function auditRows(): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) from audit_entry`.execute(database.tables());
  return rows[0]?.count ?? 0;
}

function run(statement: string): Promise<unknown> {
  return database.dedicated((execute) => execute(statement));
}
