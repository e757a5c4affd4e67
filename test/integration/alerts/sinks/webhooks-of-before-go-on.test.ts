import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import t from 'tap';
import { openSecrets, type SealedSecrets } from '../../../../src/alerts/route/secrets.ts';
import { sql } from '../../../../src/platform/database/database.ts';
import { Vault } from '../../../../src/platform/secrets/vault.ts';
import { openDatabase } from '../../../support/devices/registry.ts';

const MIGRATION = new URL(
  '../../../../src/platform/database/migrations/0164-targets-of-subscriptions.sql',
  import.meta.url,
);

const database = await openDatabase(t);

t.test('a webhook of a version without sinks keeps its address, its secrets and its deliveries', async (t) => {
  const vault = new Vault(randomBytes(32));
  const secrets = ['whsec_new', 'whsec_old'];
  const sealed = JSON.stringify(secrets.map((secret) => vault.seal(secret, 'webhook')));
  const after = await database.transaction(async (tx) => {
    const db = tx.tables();
    const run = (text: string) => sql.raw(text).execute(db);
    await run('create schema before');
    await run('set local search_path to before');
    await run('create table subscription (id text, url text not null, secrets jsonb not null)');
    await run('create table delivery (webhook_id text primary key)');
    await sql`insert into subscription values ('s-1', 'https://centre.example/hook', ${sealed}::jsonb)`.execute(db);
    await run("insert into delivery values ('msg_1_s-1')");
    await run(await readFile(MIGRATION, 'utf8'));
    const { rows } = await sql<{ target: object; secrets: SealedSecrets }>`
      select subscription.*, delivery.id as delivery from subscription, delivery`.execute(db);
    return rows;
  });
  const target = { url: 'https://centre.example/hook' };
  t.match(after, [{ id: 's-1', type: 'webhook', target, delivery: 'msg_1_s-1' }]);
  t.same(openSecrets(vault, 'webhook', after[0]!.secrets, { nowMs: 0, previousUntilMs: null }), { secret: secrets });
});
