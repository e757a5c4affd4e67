import t from 'tap';
import { saveAlerts } from '../../../../src/alerts/desk/log/write.ts';
import type { Caller } from '../../../../src/core/types.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { ADMIN } from '../../../support/alerts/alert-desk.ts';
import { alertRow } from '../../../support/alerts/alert-row.ts';
import { startAlertsApi } from '../../../support/alerts/alerts-api.ts';
import { HERE, TOKENS } from '../../../support/api/api.ts';
import { countStatements } from '../../../support/services/count-statements.ts';
import { until } from '../../../support/time/until.ts';

/** What became of the right of whoever began something, as the next step of it finds it. */
let standing = (caller: Caller): Caller | null => caller;
const { desk, ask, raise } = await startAlertsApi(t, { standing: async (_tx, caller) => standing(caller) });
let made = 0;

/** Open alerts of a rule, as the desk has them. */
async function stand(rule: string, count: number, jurisdiction = HERE): Promise<void> {
  const rows = Array.from({ length: count }, () => {
    made += 1;
    const id = `00000000-0000-4000-8000-${String(made).padStart(12, '0')}`;
    return alertRow({ id, dedup_key: `${rule}|k-${made}`, rule, device: `k-${made}`, jurisdiction });
  });
  await saveAlerts(desk.database, rows);
}

interface Bulk {
  id: string;
  state: string;
  alerts: number;
  done: number;
  unchanged: number;
  refused: number;
}
const preview = async (body: object) =>
  (await ask('POST', '/alerts/bulk/preview', { payload: body })).body as { count: number; token: string };
const apply = (body: object, token: string) => ask('POST', '/alerts/bulk', { payload: { ...body, token } });
const ended = async ({ id }: Bulk): Promise<Bulk> =>
  await until('all is done', async () => {
    const bulk = (await ask('GET', `/alerts/bulk/${id}`)).body as Bulk;
    return bulk.state === 'done' ? bulk : null;
  });

t.test('a few are done before the answer, many behind it, and each says what became of it', async (t) => {
  await stand('few', 7);
  await stand('few', 3, '510700');
  const few = { filter: { rule: 'few' }, action: { does: 'ack' } };
  const seen = await preview(few);
  t.equal(seen.count, 7, 'those of other areas are not counted');
  const answer = await apply(few, seen.token);
  t.match(answer, { status: 200, body: { state: 'done', alerts: 7, done: 7, refused: 0 } });
  const { items } = await desk.queries.list(ADMIN, { rule: 'few', handling: 'acked', limit: 50 });
  t.equal(items.length, 7);
  t.ok(items.every(({ jurisdiction, ackedBy }) => jurisdiction === HERE && ackedBy === 'operator'));
  const again = await preview(few);
  t.match((await apply(few, again.token)).body, { done: 0, unchanged: 7 });
  const taken = (await ask('POST', '/alerts/bulk/preview', { payload: few, token: TOKENS.admin })).body;
  const byAnother = { payload: { ...few, token: (taken as { token: string }).token }, token: TOKENS.admin };
  t.match((await ask('POST', '/alerts/bulk', byAnother)).body, {
    done: 0,
    refused: 7,
    refusals: [{ detail: /operator/ }],
  });

  await stand('many', 450);
  const many = { filter: { rule: 'many' }, action: { does: 'close', verdict: 'drill', text: 'a drill' } };
  const all = await preview(many);
  t.equal(all.count, 450);
  const statements = countStatements(t);
  const begun = (await apply(many, all.token)).body as Bulk;
  t.match(await ended(begun), { alerts: 450, done: 450, unchanged: 0, refused: 0 });
  t.comment(`${statements.count} statements for 450 alerts`);
  t.ok(statements.count < 150, 'some at a time, not one by one');
  t.match(await desk.queries.counts(ADMIN, { rule: 'many' }), { all: 450, handling: { closed: 450 } });
  const audit = await listAudit(desk.database, ADMIN, { subject: `alert-bulk/${begun.id}`, limit: 50 });
  t.strictSame(audit.map(({ action }) => action).reverse()[0], 'alert.bulk');
  const rows = audit.filter(({ action }) => action === 'alert.bulk-done');
  const named = rows.flatMap(({ after }) => (after as { alerts: string[] }).alerts);
  t.equal(new Set(named).size, 450, 'every alert stands in the audit trail');
});

t.test('what was not previewed is not done', async (t) => {
  await stand('grows', 10);
  const body = { filter: { rule: 'grows' }, action: { does: 'comment', text: 'seen' } };
  const { token } = await preview(body);
  await stand('grows', 30);
  t.match(await apply(body, token), {
    status: 409,
    body: {
      code: 'conflict.state',
      detail: /^10 alerts were previewed, and 40 are meant by now: preview it once more/,
    },
  });
  const other = { ...body, action: { does: 'close', verdict: 'drill' } };
  t.match(await apply(other, token), { status: 400, body: { code: 'request.cursor' } }, 'a token is of its action');
  t.match(await apply({ ...body, filter: {} }, token), { status: 400 }, 'and of its filter');
  const foreign = { payload: { ...body, token }, token: TOKENS.foreign };
  t.equal((await ask('POST', '/alerts/bulk', foreign)).status, 400, 'and of its caller');
  t.equal((await ask('POST', '/alerts/bulk/preview', { payload: body, token: TOKENS.viewer })).status, 403);
  t.equal(
    (await desk.queries.list(ADMIN, { rule: 'grows', limit: 50 })).items.filter((one) => one.comments[0]).length,
    0,
  );
});

t.test('what is raised between the preview and the deed is left for somebody to see', async (t) => {
  const among = async () => (await desk.queries.list(ADMIN, { rule: 'square', limit: 10 })).items;
  const raised = async (device: string) => {
    const before = (await among()).length;
    await raise(device, { rule: 'square' });
    await until(`${device} is raised`, async () => (await among()).length > before);
  };
  await raised('noise-1');
  await raised('noise-2');
  const body = { filter: { rule: 'square' }, action: { does: 'close', verdict: 'no_action' } };
  const { count, token } = await preview(body);
  t.equal(count, 2);
  await raised('sos-1');
  t.match(await apply(body, token), { status: 200, body: { alerts: 2, done: 2, refused: 0 } });
  const handling = Object.fromEntries((await among()).map((one) => [one.device, one.handling]));
  t.strictSame(handling, { 'noise-1': 'closed', 'noise-2': 'closed', 'sos-1': 'new' });
});

t.test('what was begun by a process that died is gone on with, each alert once', async (t) => {
  await stand('killed', 250);
  const body = { filter: { rule: 'killed' }, action: { does: 'comment', text: 'once' } };
  const { token } = await preview(body);
  const begun = (await apply(body, token)).body as Bulk;
  // Two at once, as after a claim that ran out.
  const signal = AbortSignal.timeout(20_000);
  await Promise.all([desk.bulk.handle(begun.id, signal), desk.bulk.handle(begun.id, signal)]);
  t.match(await ended(begun), { done: 250 });
  const { items } = await desk.queries.list(ADMIN, { rule: 'killed', limit: 500 });
  t.ok(items.every(({ comments }) => comments.length === 1));
});

t.test('who may not handle alerts any more, or only fewer, goes on with none of the others', async (t) => {
  await stand('long', 250);
  const long = { filter: { rule: 'long' }, action: { does: 'ack' } };
  const { token } = await preview(long);
  let steps = 0;
  standing = (caller) => (++steps > 1 ? null : caller);
  const begun = (await apply(long, token)).body as Bulk;
  t.match(await ended(begun), { state: 'done', alerts: 250, done: 100, unchanged: 0, refused: 150 });
  const acked = () => desk.queries.counts(ADMIN, { rule: 'long', handling: 'acked' });
  t.equal((await acked()).all, 100);
  const [row] = await listAudit(desk.database, ADMIN, { subject: `alert-bulk/${begun.id}`, limit: 1 });
  t.match(row, { action: 'alert.bulk-stopped', callerType: 'system', after: { of: 'operator', refused: 150 } });

  await stand('moved', 3);
  const moved = { filter: { rule: 'moved' }, action: { does: 'ack' } };
  const other = await preview(moved);
  standing = (caller) => ({ ...caller, jurisdiction: '510700' });
  t.match((await apply(moved, other.token)).body, { state: 'done', alerts: 3, done: 0 });
  standing = (caller) => caller;
});
