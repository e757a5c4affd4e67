import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { DataDirectory } from '../../../src/app/local-services/data-directory.ts';
import { startPostgres } from '../../../src/app/local-services/postgres/postgres.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { DATABASE_LIMITS, Database, sql } from '../../../src/platform/database/database.ts';
import { recordAudit } from '../../../src/platform/records/audit.ts';
import { keyFileOf } from '../../../src/platform/records/checkpoint-file.ts';
import { callerIn } from '../../support/devices/registry.ts';
import { commandInProcess } from '../../support/gateway/command-line.ts';
import { sealAll } from '../../support/records/chains.ts';
import { keepRegisters } from '../../support/records/pruned.ts';
import { bringCluster } from '../../support/services/ready-cluster.ts';
import { quietObserver, serviceDeps, temporaryDirectory } from '../../support/services/services.ts';

const ROWS = 2_500;
const AT_MS = Date.UTC(2026, 0, 2, 3, 4, 5);

/** A database with a sealed trail of several pages, in a data directory as a gateway leaves it. */
async function openTrail() {
  const directory = await temporaryDirectory(t);
  const deps = serviceDeps();
  const place = await DataDirectory.open(directory, deps.secrets);
  await bringCluster(directory, 'migrated');
  const postgres = await startPostgres(place, deps);
  const database = await Database.open({
    url: postgres.url,
    observer: quietObserver(),
    clock: systemClock,
    limits: DATABASE_LIMITS,
  });
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await database.close();
    await postgres.stop();
    await place.close();
  };
  t.teardown(close);
  await database.transaction(async (tx) => {
    for (let row = 1; row <= ROWS; row += 1) {
      const what = { caller: callerIn('330200'), action: 'device.change', subject: `device/k-${row}` };
      await recordAudit(tx, { ...what, jurisdiction: '330212', atMs: AT_MS });
    }
  });
  await sealAll(database);
  return { directory, url: postgres.url, database, close };
}

const trail = await openTrail();

const verify = (...words: string[]) => commandInProcess(['verify', ...words], { DATABASE_URL: trail.url });

const headIn = (stdout: string): string => /[0-9a-f]{64}/.exec(stdout)?.[0] ?? '';

const force = (statement: string): Promise<void> =>
  trail.database.dedicated(async (run) => {
    await run('alter table audit_entry disable trigger user');
    await run(statement);
    await run('alter table audit_entry enable trigger user');
  });

/** Changes rows as somebody would who owns the database, looks, and takes the change back. */
async function whileTampered(tamper: string, undo: string, ...words: string[]) {
  await force(tamper);
  const answer = await verify(...words);
  await force(undo);
  return answer;
}

t.test('a whole trail is said to hold, with the hash to keep', async (t) => {
  const { status, stdout } = await verify();
  t.equal(status, 0);
  t.match(
    stdout,
    /^The audit trail holds: 2500 rows, none changed, moved or missing\.\n {2}Hash of the last row: \w{64}\nThe access/,
  );
  const again = await verify('--head', headIn(stdout));
  t.match(again, { status: 0, stdout: /The hash given by --head is that of row 2500 of the audit trail\./ });
});

t.test('a row that was changed is named, as it reads now', async (t) => {
  const set = (name: string) => `update audit_entry set caller_name = '${name}' where link = 1700`;
  const { status, stdout } = await whileTampered(set('somebody else'), set('test'));
  t.equal(status, 1);
  t.match(stdout, /^The audit trail is broken: row 1700 is not what was sealed\. It now says: number 1700, /);
  t.match(stdout, '2026-01-02T03:04:05.000Z, device.change device/k-1700, by token somebody else');
  t.match(stdout, /The 1699 rows, that were checked before it hold/);
});

t.test('a row that is missing is named by its place and the row after it', async (t) => {
  const taken =
    'create table taken as select * from audit_entry where link = 1000; delete from audit_entry where link = 1000';
  const back = 'insert into audit_entry select * from taken; drop table taken';
  const { status, stdout } = await whileTampered(taken, back);
  t.equal(status, 1);
  t.match(stdout, /row 1000 is missing\. After it comes number 1001, .* device\/k-1001/);
});

t.test('rows taken from the end show by the hash that was kept', async (t) => {
  const kept = headIn((await verify()).stdout);
  const taken =
    'create table taken as select * from audit_entry where link > 2000; delete from audit_entry where link > 2000';
  const back = 'insert into audit_entry select * from taken; drop table taken';
  const { status, stdout } = await whileTampered(taken, back, '--head', kept);
  t.equal(status, 1);
  t.match(stdout, `No row has the hash ${kept} given by --head`);
  t.match(stdout, /The audit trail holds: 2000 rows/);
});

const offline = { CITYWATCH_DATA_DIR: '/nowhere' };
const exported = join(await temporaryDirectory(t), 'registers.export');

t.test('a signed checkpoint and the public key show what the rows alone do not, also from a file', async (t) => {
  const checkpoint = join(await temporaryDirectory(t), 'registers.jsonl');
  const { checkpoints } = keepRegisters(trail.database, checkpoint, 20_000);
  await checkpoints.write();
  const outside = ['--checkpoint', checkpoint, '--key', keyFileOf(checkpoint)];
  const audit = (...words: string[]) => commandInProcess(['audit', ...words], { DATABASE_URL: trail.url });
  const whole = await audit('verify', ...outside);
  t.match(whole, { status: 0, stderr: '', stdout: /The checkpoint of 2024-10-04.* bears out the first 2500 rows/ });
  t.match(whole.stdout, /Checkpoints read: 1\.\nSignatures were checked by .*registers\.jsonl\.pub, .*[0-9a-f]{16}\./);
  t.match(await audit('export', exported), { status: 0, stdout: /holds 2500 rows/ });
  t.equal((await stat(exported)).mode & 0o777, 0o600);
  t.match(await audit('export', exported), { status: 1, stderr: /cannot be made: EEXIST/ });
  const { rows } = await sql<{ act: string }>`select act from access_register order by seq`.execute(
    trail.database.tables(),
  );
  t.same(rows, [{ act: 'audit' }, { act: 'register' }], 'who exports has looked');
  const cut =
    'create table taken as select * from audit_entry where link > 2000; delete from audit_entry where link > 2000';
  await force(cut);
  t.match(await audit('verify'), { status: 0, stdout: /There was no checkpoint: whether rows followed row 2000 of/ });
  const found = await audit('verify', ...outside);
  t.match(found, {
    status: 1,
    stdout: /audit trail is broken: it ends with row 2000, but .* saw 2500 rows: rows 2001 to 2500/,
  });
  const file = ['--export', exported];
  t.match(await commandInProcess(['audit', 'verify', ...file, ...outside], offline), {
    status: 0,
    stdout: /holds: 2500/,
  });
  await force('insert into audit_entry select * from taken; drop table taken');
  await writeFile(exported, (await readFile(exported, 'utf8')).replace('device/k-1200"', 'device/k-1201"'));
  const changed = await commandInProcess(['audit', 'verify', ...file, ...outside], offline);
  t.match(changed, { status: 1, stdout: /broken: row 1200 is not what was sealed\. It now says: number 1200/ });
});

t.test('a wrong word, key or file is refused by its name', async (t) => {
  const refused = async (words: string[], stderr: RegExp) =>
    t.match(await commandInProcess(['audit', ...words], offline), { status: 2, stderr }, words.join(' '));
  await refused([], /audit takes `verify`, or `export FILE`/);
  await refused(['verify', '--since', 'soon'], /--since must be a time such as/);
  await refused(['verify', '--export', exported, '--checkpoint', 'x'], /--key must name the file with the public key/);
  await refused(['verify', '--export', exported, '--key', exported], /--key: .* holds no public key/);
  await refused(['verify', '--export', exported, '--key', '/nowhere'], /--key: ENOENT/);
});

t.test('rows of the last moments are counted as not checked', async (t) => {
  const late = { caller: callerIn('330200'), action: 'x', subject: 'late', jurisdiction: '330212', atMs: AT_MS };
  await trail.database.transaction((tx) => recordAudit(tx, late));
  t.match(await verify(), { status: 0, stdout: /1 rows of the last moments are not sealed yet and were not checked/ });
});

t.test('it finds the private database of a data directory, in use or stopped, and makes none', async (t) => {
  const env = { CITYWATCH_DATA_DIR: trail.directory };
  t.match(await commandInProcess(['verify'], env), { status: 0, stdout: /holds: 2500 rows/ }, 'while it is in use');
  await trail.close();
  t.match(await commandInProcess(['verify'], env), { status: 0, stdout: /holds: 2500 rows/ }, 'while it is stopped');
  const empty = { CITYWATCH_DATA_DIR: await temporaryDirectory(t) };
  const refused = {
    status: 2,
    stdout: '',
    stderr: /CITYWATCH_DATA_DIR: no gateway has run in .*; name its data directory/,
  };
  t.match(await commandInProcess(['verify'], empty), refused);
  t.match(await commandInProcess(['verify', '--head', 'abc']), { status: 2, stderr: /64 hexadecimal digits/ });
});
