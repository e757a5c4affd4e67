import { pino } from 'pino';
import t from 'tap';
import { DAY_MS } from '../../../src/core/clock.ts';
import { Claims } from '../../../src/devices/claims/claims.ts';
import { SecretChanges } from '../../../src/devices/doors/secret-changes.ts';
import { SecretOverlaps } from '../../../src/devices/doors/secret-overlaps.ts';
import { ToldSecrets } from '../../../src/devices/doors/told-secrets.ts';
import { OpenDevices } from '../../../src/ingest/commands/open-devices.ts';
import { payloadOf } from '../../../src/ingest/commands/rows.ts';
import { SealedCommands } from '../../../src/ingest/commands/sealed-commands.ts';
import type { CommandTables } from '../../../src/ingest/commands/tables.ts';
import { sql } from '../../../src/platform/database/database.ts';
import { listAudit } from '../../../src/platform/records/audit.ts';
import { callerIn, kiosk, openRegistry } from '../../support/devices/registry.ts';
import { firstOwner } from '../../support/services/ownership.ts';
import { quietObserver } from '../../support/services/services.ts';
import { ManualClock } from '../../support/time/clock.ts';
import { until } from '../../support/time/until.ts';

const HERE = callerIn('330212');
const log = pino({ level: 'silent' });
const clock = new ManualClock();
const parts = await openRegistry(t, { clock });
const { database, registry, directory, vault, disconnected } = parts;
const ownership = firstOwner();
const open = new OpenDevices(database);
const rung: string[] = [];
const deps = {
  ...parts,
  clock,
  observer: quietObserver(),
  ownership,
  disconnect: (id: string) => void disconnected.push(id),
};
const commands = new SealedCommands({ ...deps, open, ring: (id) => void rung.push(id) });
const toldSecrets = new ToldSecrets({ database, vault, clock });
const changes = new SecretChanges({ ...deps, commands, told: toldSecrets });
const overlaps = new SecretOverlaps({ ...deps, log, proven: (tx, id) => changes.proven(tx, id) });
directory.listen({
  changed: () => {},
  disconnect: (id) => void disconnected.push(id),
  secretUsed: (id) => overlaps.used(id),
});

/** What the device would be sent now, as its downlink opens it. */
async function told(device: string) {
  const rows = database.tables<CommandTables>().selectFrom('command').selectAll().where('device', '=', device);
  const row = await rows.orderBy('seq', 'desc').limit(1).executeTakeFirstOrThrow();
  return { row, secret: String(payloadOf(vault, row).args.secret) };
}

async function become(device: string, state: 'answered' | 'failed' | 'sent' | 'expired'): Promise<void> {
  const settled_at_ms = state === 'sent' ? null : clock.nowMs();
  const { row } = await told(device);
  const command = database.tables<CommandTables>().updateTable('command').where('id', '=', row.id);
  await command.set({ state, settled_at_ms, sends: state === 'expired' ? 0 : 1 }).execute();
}

/** What would be written down of a device that says back what it was told, with `by` in memory. */
function writtenOf(by: ToldSecrets, device: string, secret: string): string {
  const said = Buffer.from(`{"values":{"note":"x-${secret}${secret}"}}`);
  const kept = by.without(device, said);
  t.equal(kept.length, said.length);
  t.ok(said.includes(secret), 'what came is left as it was');
  return kept.toString();
}

async function registered(id: string): Promise<string> {
  return (await registry.create(HERE, kiosk({ id }))).secret;
}

t.test('both are valid from before the first word, and the old one ends when the new one is used', async (t) => {
  const old = await registered('k-1');
  const begun = await changes.begin(HERE, 'k-1');
  t.match(begun, { state: 'running', problem: null });
  t.same(rung, ['k-1']);
  const { row, secret } = await told('k-1');
  t.match(row, { name: 'set_secret', args: {}, is_sealed: true, deadline_at_ms: clock.nowMs() + DAY_MS });
  t.notMatch(JSON.stringify(await listAudit(database, HERE, { subject: 'device/k-1', limit: 9 })), new RegExp(secret));
  t.ok(directory.authenticate('k-1', old));
  await t.rejects(changes.begin(HERE, 'k-1'), /on its way to it already/);
  await t.rejects(registry.rotateSecret(HERE, 'k-1', DAY_MS), { code: 'conflict.state' });
  await become('k-1', 'answered');
  const { row: after } = await told('k-1').catch(() => ({ row: null }));
  t.equal(after?.sealed ?? null, null, 'nothing is left with the command');
  t.equal(writtenOf(toldSecrets, 'k-1', secret), `{"values":{"note":"x-${'*'.repeat(86)}"}}`, 'before it has used it');
  const other = Buffer.from(secret);
  t.equal(toldSecrets.without('k-9', other), other, 'who was told nothing is not looked at');
  const afterStart = new ToldSecrets({ database, vault, clock });
  await afterStart.load();
  t.notMatch(writtenOf(afterStart, 'k-1', secret), secret, 'also after a kill');
  disconnected.length = 0;
  for (let look = 0; look < 3; look += 1) t.match(await changes.handle(begun.id), { again: { atMs: Number } });
  t.same(disconnected, ['k-1'], 'it is made to come back, once');
  // A start after a kill: only what is in the database counts.
  await registry.loadDirectory();
  t.ok(directory.authenticate('k-1', old), 'it may come with the old one');
  t.ok(directory.authenticate('k-1', secret), 'it comes with the new one');
  t.equal(directory.authenticate('k-1', old), null, 'which is the only one from then on');
  await until('that is written down', async () => (await changes.last('k-1'))?.state === 'changed');
  await registry.loadDirectory();
  t.equal(directory.authenticate('k-1', old), null);
  t.same(await changes.handle(begun.id), { again: null });
  const found = await sql<{ text: string }>`
    select (select string_agg(c::text, ' ') from command c) || (select string_agg(s::text, ' ') from secret_change s)
      || (select string_agg(a::text, ' ') from audit_entry a) as text`.execute(database.tables());
  t.notOk(found.rows[0]!.text.includes(secret), 'nowhere in clear');
  t.notMatch(writtenOf(toldSecrets, 'k-1', secret), secret, 'nor what it says right after');
  await clock.advance(DAY_MS);
  t.match(writtenOf(toldSecrets, 'k-1', secret), secret, 'it is not looked at for ever');
});

t.test('a device that has come with the new one before that is written down is not sent away', async (t) => {
  await registered('k-0');
  const begun = await changes.begin(HERE, 'k-0');
  const { secret } = await told('k-0');
  await become('k-0', 'answered');
  const { used } = overlaps;
  const ends: (() => void)[] = [];
  overlaps.used = (id) => void ends.push(() => used.call(overlaps, id));
  t.ok(directory.authenticate('k-0', secret));
  disconnected.length = 0;
  t.match(await changes.handle(begun.id), { again: { atMs: Number } });
  t.same(disconnected, []);
  overlaps.used = used;
  for (const end of ends) end();
  await until('that is written down', async () => (await changes.last('k-0'))?.state === 'changed');
});

t.test('a device that does not use it keeps its old one, and is told the same once more', async (t) => {
  const old = await registered('k-2');
  const begun = await changes.begin(HERE, 'k-2');
  const { secret } = await told('k-2');
  await become('k-2', 'sent');
  await clock.advance(DAY_MS);
  t.same(await changes.handle(begun.id), { again: null });
  t.match(await changes.last('k-2'), {
    state: 'unchanged',
    problem: 'no-answer',
    steps: [{ name: 'told', grade: 'failed', hint: /Both secrets are valid/ }],
  });
  await become('k-2', 'expired');
  await clock.advance(30 * DAY_MS);
  t.ok(directory.authenticate('k-2', old), 'however long it takes');
  await t.rejects(registry.rotateSecret(HERE, 'k-2', DAY_MS), /sent to it by command/);
  await changes.begin(HERE, 'k-2');
  t.notMatch(writtenOf(toldSecrets, 'k-2', secret), secret, 'however late it says it');
  t.equal((await told('k-2')).secret, secret, 'it may have it already: there is never a third');
  await become('k-2', 'failed');
  await changes.look((await changes.last('k-2'))!.id);
  t.match(await changes.last('k-2'), { state: 'unchanged', problem: 'refused' });
  t.ok(directory.authenticate('k-2', old));
  t.ok(directory.authenticate('k-2', secret), 'it comes with it after all');
  await until('which ends the change', async () => (await changes.last('k-2'))?.state === 'changed');
  t.equal(directory.authenticate('k-2', old), null);
});

t.test('what is set by hand, claimed or hung up meanwhile counts, and the command is withdrawn', async (t) => {
  for (const [id, act] of [
    ['k-3', (device: string) => registry.rotateSecret(HERE, device)],
    [
      'k-4',
      async (device: string) => {
        const claims = new Claims(deps);
        const { code } = await claims.open(HERE, device, 5);
        return (await claims.take(device, code)).secret;
      },
    ],
  ] as const) {
    const old = await registered(id);
    const begun = await changes.begin(HERE, id);
    const { secret } = await told(id);
    const byHand = await act(id);
    t.notMatch(writtenOf(toldSecrets, id, secret), secret, 'it may hear it all the same');
    const { rows } = await sql<{ state: string; sealed: string | null }>`
      select state, sealed from command where device = ${id}`.execute(database.tables());
    t.same(rows, [{ state: 'expired', sealed: null }]);
    t.match(await changes.last(id), { state: 'unchanged', problem: 'overtaken' });
    t.same(await changes.handle(begun.id), { again: null });
    t.ok(directory.authenticate(id, byHand));
    for (const gone of [old, secret]) t.equal(directory.authenticate(id, gone), null);
  }
});

t.test('what takes no secret by command says so', async (t) => {
  await registry.create(HERE, kiosk({ id: 'cam-1', kind: 'camera' }));
  t.match(await changes.tryBegin(HERE, 'cam-1'), { problem: 'no-command', detail: /"of":"secret"/ });
  await t.rejects(changes.begin(callerIn('330203'), 'k-1'), { code: 'not-found' });
  t.equal(await changes.last('cam-1'), null);
});

t.test('a device whose answer was lost renews again by the secret it has', async (t) => {
  const old = await registered('k-5');
  const lost = await registry.rotateSecret(HERE, 'k-5', DAY_MS);
  const second = await registry.rotateSecret(HERE, 'k-5', DAY_MS);
  t.equal(directory.authenticate('k-5', lost), null, 'nobody has that one');
  t.ok(directory.authenticate('k-5', old), 'this is what it has');
  t.ok(directory.authenticate('k-5', second));
  const third = await registry.rotateSecret(HERE, 'k-5', DAY_MS);
  t.equal(directory.authenticate('k-5', old), null);
  t.ok(directory.authenticate('k-5', second), 'it has used this one');
  t.ok(directory.authenticate('k-5', third));
});
