import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { DataDirectory } from '../../../../src/app/local-services/data-directory.ts';
import { KnownSecrets } from '../../../../src/core/observe.ts';
import { type Database, sql } from '../../../../src/platform/database/database.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { adoptKeys, misfitOfKeys, openKeys } from '../../../../src/platform/secrets/cluster-keys.ts';
import { callerIn, openDatabase } from '../../../support/devices/registry.ts';
import { type Owner, temporaryDirectory } from '../../../support/services/services.ts';

async function world(t: Owner) {
  const database = await openDatabase(t);
  const directory = await temporaryDirectory(t);
  const place = await DataDirectory.open(directory, new KnownSecrets());
  t.teardown(() => place.close());
  const input = { database, files: place, vaultKey: null };
  return { database, directory: place.path, secrets: join(place.path, 'secrets'), input };
}

const REFUSED = { code: 'secret.misfit' };

/** Everything that the database says of secrets. */
async function notesOf(database: Database): Promise<string> {
  const { rows } = await sql`select name, fingerprint from cluster_key order by name`.execute(database.tables());
  return JSON.stringify(rows);
}

/** As a version of before one secret left it: a key of its own in each file, and rows made with them. */
async function usedBefore(t: Owner) {
  const opened = await world(t);
  const { database, secrets, input } = opened;
  await mkdir(secrets, { mode: 0o700 });
  const files: Record<string, string> = {};
  for (const name of ['cursors', 'device-secrets', 'plates', 'vault']) files[name] = await input.files.secret(name);
  await sql`insert into cluster_key (name) values ('device-secrets'), ('plates'), ('vault')`.execute(database.tables());
  return { ...opened, files };
}

t.test('one file makes all keys of a new database, the same at each start and each different', async (t) => {
  const { database, secrets, input } = await world(t);
  const keys = await openKeys(input);
  t.same(await readdir(secrets), ['cluster']);
  t.same(await openKeys(input), keys);
  const texts = Object.values(keys).map((key) => key.toString('base64url'));
  const secret = await readFile(join(secrets, 'cluster'), 'utf8');
  t.equal(new Set([...texts, secret]).size, 8);
  const notes = await notesOf(database);
  for (const text of [secret, ...texts]) {
    t.notOk(notes.includes(text) || notes.includes(Buffer.from(text, 'base64url').toString('hex')));
  }
});

t.test('a database takes no other secret, and nothing is made in its place', async (t) => {
  const { database, secrets, input } = await world(t);
  await openKeys(input);
  const [file, kept] = [join(secrets, 'cluster'), join(secrets, 'cluster.kept')];
  const secret = await readFile(file, 'utf8');
  const before = await notesOf(database);
  await rename(file, kept);
  const message = /another secret .*secrets\/cluster is missing\); put the file back from the backup/;
  await t.rejects(openKeys(input), { ...REFUSED, message });
  t.same(await readdir(secrets), ['cluster.kept'], 'nothing was made');
  const other = Buffer.alloc(32, 7).toString('base64url');
  await writeFile(file, other);
  const error = await openKeys(input).catch((reason: Error) => reason);
  t.match(error, { ...REFUSED, message: /secrets\/cluster is another one\); put/ });
  for (const one of [other, secret]) t.notOk(String(error).includes(one));
  t.match(await misfitOfKeys(input), { what: /another secret/ });
  t.equal(await notesOf(database), before);
  await rename(kept, file);
  await openKeys(input);
  t.equal(await misfitOfKeys(input), null);
});

t.test('keys of before go on being used, and are missed when they are gone', async (t) => {
  const { secrets, input, files } = await usedBefore(t);
  const keys = await openKeys(input);
  t.same(keys.plates, Buffer.from(files.plates!, 'base64url'));
  t.same(keys.devices, Buffer.from(files['device-secrets']!, 'base64url'));
  t.same((await readdir(secrets)).sort(), ['cluster', 'cursors', 'device-secrets', 'plates', 'vault']);
  await rm(join(secrets, 'plates'));
  await t.rejects(openKeys(input), { ...REFUSED, message: /secrets\/plates is missing\); put/ });
  await writeFile(join(secrets, 'plates'), files.plates!);
  t.same(await openKeys(input), keys);
});

t.test('a key that was lost before anybody noted it is not made anew', async (t) => {
  const { secrets, input } = await usedBefore(t);
  await rm(join(secrets, 'plates'));
  await t.rejects(openKeys(input), { ...REFUSED, message: /secrets\/plates/ });
  t.same((await readdir(secrets)).sort(), ['cursors', 'device-secrets', 'vault']);
});

t.test('a vault key that is kept elsewhere belongs to the database as well', async (t) => {
  const { input } = await world(t);
  const vaultKey = { key: Buffer.alloc(32, 1), setting: 'CITYWATCH_VAULT_KEY_FILE' };
  t.same((await openKeys({ ...input, vaultKey })).vault, vaultKey.key);
  const message = /the file of CITYWATCH_VAULT_KEY_FILE/;
  await t.rejects(openKeys({ ...input, vaultKey: { ...vaultKey, key: Buffer.alloc(32, 2) } }), { ...REFUSED, message });
  await t.rejects(openKeys(input), {
    ...REFUSED,
    message: /secrets\/vault, or the setting CITYWATCH_VAULT_KEY_FILE, is missing/,
  });
});

t.test('two nodes that begin on one database at once end with one secret', async (t) => {
  const { database, input } = await world(t);
  const other = await DataDirectory.open(await temporaryDirectory(t), new KnownSecrets());
  t.teardown(() => other.close());
  const starts = await Promise.allSettled([openKeys(input), openKeys({ ...input, files: other })]);
  t.same(starts.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  t.match(
    starts.find(({ status }) => status === 'rejected'),
    { reason: REFUSED },
  );
  t.equal((await sql`select from cluster_key`.execute(database.tables())).rows.length, 8);
});

t.test('a secret that is lost for good is replaced by adopting another, and only so', async (t) => {
  const { secrets, input } = await usedBefore(t);
  const before = await openKeys(input);
  await rm(secrets, { recursive: true });
  await t.rejects(openKeys(input), REFUSED);
  await adoptKeys(input, callerIn('000000'));
  t.match(await listAudit(input.database, callerIn('000000'), { limit: 1 }), [{ action: 'secret.adopt' }]);
  const after = await openKeys(input);
  t.notSame(after.plates, before.plates);
  t.same(await readdir(secrets), ['cluster']);
});

t.test('a file that is cut short is no secret: nothing is made of it, noted of it or adopted', async (t) => {
  const { database, secrets, input } = await world(t);
  await mkdir(secrets, { mode: 0o700 });
  const short = { ...REFUSED, message: /secrets\/cluster is not a secret of 32 random bytes.*from the backup/ };
  await writeFile(join(secrets, 'cluster'), Buffer.from('secret').toString('base64url'));
  await t.rejects(openKeys(input), short);
  await t.rejects(adoptKeys(input, callerIn('000000')), short);
  t.match(await misfitOfKeys(input), { what: /secrets\/cluster is not a secret/, remedy: /remove it and adopt/ });
  t.equal(await notesOf(database), '[]', 'a fingerprint of it would be enough to guess it');
  t.same(await listAudit(database, callerIn('000000'), { limit: 1 }), []);
});

t.test('a key of before that is cut short is not adopted either', async (t) => {
  const { database, secrets, input, files } = await usedBefore(t);
  await openKeys(input);
  const before = await notesOf(database);
  await writeFile(join(secrets, 'plates'), files.plates!.slice(0, 42));
  const short = { ...REFUSED, message: /secrets\/plates is not a secret/ };
  await t.rejects(openKeys(input), short);
  await t.rejects(adoptKeys(input, callerIn('000000')), short);
  t.equal(await notesOf(database), before);
});
