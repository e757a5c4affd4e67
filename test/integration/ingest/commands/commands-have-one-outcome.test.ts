import t from 'tap';
import { CitywatchError } from '../../../../src/core/errors.ts';
import { OPEN_MAX } from '../../../../src/ingest/commands/rows.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { freshDatabase } from '../../../support/services/shared-database.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';
import { deviceOf, HERE, openDownlink, person } from '../../../support/uplinks/downlink.ts';

const server = freshDatabase(t);
const OPERATOR = person('operator');

async function open(t: Parameters<typeof openDownlink>[0]) {
  const clock = new ManualClock();
  const opened = await openDownlink(t, (await server).url, { clock });
  await sql`truncate command, work_item, ingest_cursor`.execute(opened.database.tables());
  return { ...opened, clock };
}

const unlock = (cell: number) => ({ name: 'unlock', args: { cell } });

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof CitywatchError) return `${error.code}: ${error.message}`;
  throw error ?? new Error('was not refused');
}

t.test('what is accepted stands in the database with its audit row; what is refused leaves nothing', async (t) => {
  const { start, database, clock } = await open(t);
  const { commands, stop } = await start();
  t.teardown(stop);
  const made = await commands.create(OPERATOR, 'k1', unlock(3));
  t.match(made, { device: 'k1', state: 'queued', sends: 0, by: { name: 'operator' }, reply: null });
  t.equal(made.deadlineAtMs, clock.nowMs() + 30_000, 'the deadline of its kind');
  t.match(await refusal(commands.create(OPERATOR, 'k1', { name: 'open', args: {} })), /takes: reboot, unlock/);
  t.match(await refusal(commands.create(OPERATOR, 'k1', unlock(99))), /args.cell: must be a whole number/);
  t.match(await refusal(commands.create(person('operator', '510700'), 'k1', unlock(1))), /^not-found/);
  t.match(await refusal(commands.create(OPERATOR, 'x1', unlock(1))), /^not-found/);
  t.match(await refusal(commands.create(person('technician'), 'k1', unlock(1))), /^auth.forbidden: .*role operator/);
  t.ok(await commands.create(person('technician'), 'k1', { name: 'reboot', args: {} }), 'but a reboot');
  const at = (s: number) => ({ ...unlock(1), deadlineAtMs: clock.nowMs() + s * 1000 });
  t.match(await refusal(commands.create(OPERATOR, 'k1', at(301))), /deadline: is too far away: .* 300 s/);
  t.match(await refusal(commands.create(OPERATOR, 'k1', at(0))), /deadline: is over/);
  t.equal((await commands.create(OPERATOR, 'k1', at(300))).deadlineAtMs, clock.nowMs() + 300_000);
  const { rows } = await sql<{ after: { id: string }; caller_name: string; subject: string; jurisdiction: string }>`
    select after, caller_name, subject, jurisdiction from audit_entry order by seq`.execute(database.tables());
  t.match(rows[0], { caller_name: 'operator', subject: 'device/k1', jurisdiction: HERE, after: { id: made.id } });
  t.equal(rows.length, 3);
  t.equal((await commands.list(OPERATOR, 'k1', { openOnly: true, limit: 10 })).items.length, 3);
});

t.test('a device has at most a hundred open ones, however many ask at once', async (t) => {
  const { start } = await open(t);
  const { commands, stop } = await start();
  t.teardown(stop);
  const ask = (count: number) =>
    Array.from({ length: count }, (_, n) => commands.create(OPERATOR, 'k1', unlock(1 + (n % 16))));
  for (let open = 0; open < OPEN_MAX - 10; open += 10) await Promise.all(ask(10));
  const results = await Promise.allSettled(ask(30));
  const refused = results.filter((one) => one.status === 'rejected');
  t.equal(refused.length, 20);
  t.match(refused[0]?.reason, { code: 'conflict.state', message: /100 commands wait/ });
  t.ok(await commands.create(OPERATOR, 'k2', unlock(1)), 'another one is not concerned');
  const first = await commands.list(OPERATOR, 'k1', { openOnly: false, limit: 60 });
  const second = await commands.list(OPERATOR, 'k1', { openOnly: false, limit: 60, after: first.next ?? '' });
  t.equal(new Set([...first.items, ...second.items].map(({ id }) => id)).size, 100);
  t.equal(second.next, null);
});

t.test('sent in order, once on each connection, until there is a reply', async (t) => {
  const { start, port, append } = await open(t);
  const first = await start();
  const { commands, sender, reader, settle } = first;
  const ids: string[] = [];
  for (let cell = 1; cell <= 12; cell += 1) ids.push((await commands.create(OPERATOR, 'k1', unlock(cell))).id);
  await settle();
  t.strictSame(port.sent, [], 'nobody is there');
  port.sessions.set('k1', 'a');
  sender.listening('k2');
  sender.listening('k1');
  await settle();
  const all = Array.from({ length: 12 }, (_, n) => n + 1);
  t.strictSame(
    port.names(),
    all.map((cell) => `k1 a ${cell}`),
  );
  t.match(await commands.get(OPERATOR, 'k1', ids[0]!), { state: 'delivered', sends: 1 });
  sender.listening('k1');
  await settle();
  t.equal(port.sent.length, 12, 'subscribing again is no new connection');
  await reader.handle(append([{ id: ids[0], ok: true, result: { door: 1 } }]), new AbortController().signal);
  t.match(await commands.get(OPERATOR, 'k1', ids[0]!), { state: 'answered', reply: { ok: true, result: { door: 1 } } });
  port.sent.splice(0);
  port.sessions.set('k1', 'b');
  sender.listening('k1');
  await settle();
  t.strictSame(
    port.names(),
    all.slice(1).map((cell) => `k1 b ${cell}`),
    'all but the one that is answered',
  );
  t.match(await commands.get(OPERATOR, 'k1', ids[1]!), { state: 'delivered', sends: 2 });
  await first.stop();
});

t.test('one that is not acknowledged is sent again, also on the same connection, half a minute later', async (t) => {
  const { start, port, clock } = await open(t);
  const { commands, settle, stop } = await start();
  t.teardown(stop);
  port.sessions.set('k1', 'a');
  port.acks = null;
  const long = { name: 'reboot', args: {}, deadlineAtMs: clock.nowMs() + 3_600_000 };
  const { id } = await commands.create(OPERATOR, 'k1', long);
  await settle();
  await commands.create(OPERATOR, 'k1', unlock(7));
  await settle();
  t.equal(port.sent.length, 1, 'while one is awaited, the next waits for its turn');
  port.acks = true;
  port.settle(false);
  const sent = (count: number) => async () => {
    await settle();
    return port.sent.length >= count;
  };
  await until('the one that failed keeps nobody waiting', sent(2));
  t.strictSame(port.names(), ['k1 a reboot', 'k1 a 7']);
  await clock.advance(30_000);
  await until('it comes again', sent(3));
  t.strictSame(port.names(), ['k1 a reboot', 'k1 a 7', 'k1 a reboot']);
  t.match(await commands.get(OPERATOR, 'k1', id), { state: 'delivered', sends: 2 });
  port.acks = false;
  const { id: lost } = await commands.create(OPERATOR, 'k1', long);
  await settle();
  await settle();
  t.equal(port.sent.length, 4, 'no hurry');
  port.acks = true;
  await clock.advance(30_000);
  await until('the lost one comes again', sent(5));
  await settle();
  t.match(await commands.get(OPERATOR, 'k1', lost), { state: 'delivered', sends: 2 });
});

t.test('a gateway that dies after it wrote "sent" and before it sends, sends after its start', async (t) => {
  const { start, port, database } = await open(t);
  const dying = await start();
  const { id } = await dying.commands.create(OPERATOR, 'k1', unlock(1));
  await sql`update command set state = 'sent', sends = 1, session = 'of the dead'`.execute(database.tables());
  const next = await start();
  port.sessions.set('k1', 'fresh');
  next.sender.listening('k1');
  // The dying one may still hold the work that it noted.
  await until('it is sent', async () => {
    await next.settle();
    return port.names().length > 0;
  });
  t.strictSame(port.names(), ['k1 fresh 1']);
  t.match(await next.commands.get(OPERATOR, 'k1', id), { state: 'delivered', sends: 2 });
  await next.stop();
  await dying.stop();
});

t.test('the deadline passes: not sent any more, expired once, a late reply is kept and changes nothing', async (t) => {
  const { start, port, clock, append } = await open(t);
  const first = await start();
  const { id } = await first.commands.create(OPERATOR, 'k1', unlock(1));
  await first.stop();
  await clock.advance(30_000);
  const { commands, sender, reader, settle, stop } = await start();
  t.teardown(stop);
  port.sessions.set('k1', 'a');
  sender.listening('k1');
  await settle();
  t.strictSame(port.sent, [], 'its deadline passed while the gateway was away');
  await until('it is expired', async () => {
    await clock.advance(500);
    return (await commands.get(OPERATOR, 'k1', id)).state === 'expired';
  });
  const { signal } = new AbortController();
  await reader.handle(append([{ id, ok: true }], [{ id, ok: false }]), signal);
  t.match(await commands.get(OPERATOR, 'k1', id), { state: 'expired', reply: { ok: true, late: true, result: null } });
});

t.test('a reply received in time wins, however long after the deadline it is read', async (t) => {
  const { start, clock, append } = await open(t);
  const { commands, reader, settle, stop } = await start();
  t.teardown(stop);
  const { id } = await commands.create(OPERATOR, 'k1', unlock(1));
  await clock.advance(29_999);
  const batch = append([{ id, ok: false, result: 'jammed' }]);
  await clock.advance(60_000);
  for (let look = 0; look < 3; look += 1) {
    await settle();
    await clock.advance(500);
  }
  await settle();
  t.match(await commands.get(OPERATOR, 'k1', id), { state: 'queued' }, 'nobody knows yet');
  await reader.handle(batch, new AbortController().signal);
  t.match(await commands.get(OPERATOR, 'k1', id), { state: 'failed', reply: { result: 'jammed', late: false } });
});

t.test(
  'hostile replies: of another device, unknown, twice, too long, in arrays, read again after a crash',
  async (t) => {
    const { start, append, database } = await open(t);
    const first = await start();
    const { commands, reader, stop } = first;
    const { id } = await commands.create(OPERATOR, 'k1', unlock(1));
    const { id: second } = await commands.create(OPERATOR, 'k1', unlock(2));
    const { id: third } = await commands.create(OPERATOR, 'k2', unlock(3));
    const unknown = '00000000-0000-4000-8000-000000000000';
    const batch = append(
      [{ id, ok: true, result: 'stolen' }, deviceOf('k2')],
      [{ id: unknown, ok: true }],
      [{ id: "'; drop table command; --", ok: true }],
      [{ id, ok: 'yes' }],
      [{ id, ok: true, state: 'answered' }],
      ['{"id":'],
      [{ id, ok: true, result: { card: '4111111111111111' } }],
      [
        [
          { id, ok: false, result: '\u0000\ud800' },
          { id: 7 },
          { id, ok: true },
          { id: second, ok: true, result: 'x'.repeat(9000) },
        ],
      ],
      [
        { id: third, ok: true },
        { ...deviceOf('k2'), channel: 'state' },
      ],
    );
    const { signal } = new AbortController();
    await reader.handle(batch, signal);
    t.match(await commands.get(OPERATOR, 'k1', id), { state: 'failed', reply: { ok: false, result: '\u0000\ud800' } });
    t.match(await commands.get(OPERATOR, 'k1', second), { state: 'answered', reply: { result: null, cut: true } });
    t.match(await commands.get(OPERATOR, 'k2', third), { state: 'queued' });
    await t.rejects(commands.get(OPERATOR, 'k2', id), { code: 'not-found' }, 'each command under its own device');
    const before = await sql`select * from command order by seq`.execute(database.tables());
    await stop();
    const next = await start();
    t.teardown(next.stop);
    t.equal(await next.reader.load('live'), batch.to, 'the cursor moved with them');
    await sql`update ingest_cursor set journal_offset = 0`.execute(database.tables());
    const again = await start();
    await again.reader.handle(batch, signal);
    const after = await sql`select * from command order by seq`.execute(database.tables());
    t.strictSame(after.rows, before.rows, 'read twice, and nothing is different');
    await again.stop();
  },
);

t.test('a device that asks for itself gets its open commands until it answers', async (t) => {
  const { start, clock, append } = await open(t);
  const { commands, reader, stop } = await start();
  t.teardown(stop);
  t.strictSame(await commands.handOver('k1'), []);
  t.equal(reader.restMs, 200, 'nobody waits for a reply');
  const { id } = await commands.create(OPERATOR, 'k1', unlock(1));
  t.equal(reader.restMs, 25);
  const { id: second } = await commands.create(OPERATOR, 'k1', { name: 'reboot', args: {} });
  const deadline = clock.nowMs() + 30_000;
  t.match(await commands.handOver('k1'), [{ id, name: 'unlock', args: { cell: 1 }, deadline }, { id: second }]);
  t.equal((await commands.handOver('k1')).length, 2, 'the answer may have got lost');
  t.match(await commands.get(OPERATOR, 'k1', id), { state: 'sent', sends: 1 });
  await reader.handle(append([{ id, ok: true }]), new AbortController().signal);
  await clock.advance(31_000);
  t.match(await commands.handOver('k1'), [{ id: second }]);
});

t.test('behind a broker a device that says it is there gets again what was sent before', async (t) => {
  const { start, port, clock, append } = await open(t);
  const { commands, sender, reader, settle, stop } = await start();
  t.teardown(stop);
  port.acknowledgedBy = 'broker';
  port.sessions.set('k1', 'broker 1');
  const { id } = await commands.create(OPERATOR, 'k1', unlock(5));
  await settle();
  t.match(port.sent, [{ expiresInMs: 30_000 }]);
  t.match(await commands.get(OPERATOR, 'k1', id), { state: 'sent' }, 'a broker does not deliver, it takes');
  await clock.advance(1_000);
  const there = append([{ online: false }, { channel: 'state' }], [{ online: true }, { channel: 'state' }]);
  await reader.handle(there, new AbortController().signal);
  await settle();
  t.equal(port.sent.length, 2);
  await reader.handle(append([{ online: true }, { channel: 'state', receivedAtMs: 0 }]), new AbortController().signal);
  await settle();
  t.equal(port.sent.length, 2, 'a state from before it was sent says nothing');
  port.sessions.set('k1', 'broker 2');
  sender.listening();
  await settle();
  t.equal(port.sent.length, 3, 'another connection to the broker');
});
