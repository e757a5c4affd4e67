import { cp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Gateway } from '../../support/gateway/gateway.ts';
import { runCitywatch } from '../../support/gateway/refused-start.ts';
import { temporaryDirectory } from '../../support/services/services.ts';
import { freshDatabase } from '../../support/services/shared-database.ts';
import { until } from '../../support/time/until.ts';
import { MqttDevice } from '../../support/uplinks/mqtt-devices.ts';

t.setTimeout(480_000);

const MESSAGES = 25;

async function reportMany(device: MqttDevice, from: number): Promise<void> {
  for (let number = from; number < from + MESSAGES; number += 1) await device.report({ fill_pct: number % 100 });
}

const fires = async (gateway: Gateway): Promise<number> =>
  (await gateway.get('/alerts?rule=kiosk-fire')).items.filter(
    ({ condition }: { condition: string }) => condition === 'active',
  ).length;

/** Another gateway on the same database, or on the same directory, is refused. */
async function refusesOthers(t: Test, gateway: Gateway, url: string): Promise<void> {
  const second = await runCitywatch(['serve'], {
    CITYWATCH_DATA_DIR: await temporaryDirectory(t),
    DATABASE_URL: url,
  });
  t.equal(second.status, 1);
  t.match(
    second.stderr,
    new RegExp(`^Another citywatch works .*\\(process ${gateway.pid} on .* ${gateway.directory}, since `),
  );
  const same = await runCitywatch(['serve'], { CITYWATCH_DATA_DIR: gateway.directory });
  t.equal(same.status, 1);
  t.match(
    same.stderr,
    /^Another citywatch uses the data directory .*; stop it, or set CITYWATCH_DATA_DIR to another one\.\n$/,
  );
}

/** A copy of the journal that was made while the gateway stood still comes back: acked messages are missing in it. */
t.test('a journal that is older than its database is refused, adopted, and judged by from then on', async (t: Test) => {
  const { url } = await freshDatabase(t);
  const gateway = await Gateway.start(t, { DATABASE_URL: url });
  const [device] = await MqttDevice.connect(t, gateway, {});
  await reportMany(device!, 0);
  await gateway.settledLedger();
  await refusesOthers(t, gateway, url);
  t.same(await gateway.notGreen(), [], 'the first one runs on');
  const family = gateway.descendants();
  await gateway.stop('SIGKILL');
  await until('nothing of it is left', () => gateway.orphans(family).length === 0);
  const copy = join(await temporaryDirectory(t), 'copy');
  const filter = (path: string): boolean => !path.endsWith('.sock');
  await cp(gateway.directory, copy, { recursive: true, verbatimSymlinks: true, filter });
  await gateway.start();
  t.ok((await gateway.settledLedger()).balanced, 'at once after a kill, whose lease had not ended');
  await reportMany(device!, MESSAGES);
  const before = await gateway.settledLedger();
  t.ok(before.balanced);
  await gateway.stop('SIGTERM');
  await rm(gateway.directory, { recursive: true });
  await rename(copy, gateway.directory);

  const quiet = { ...gateway.env, CITYWATCH_LOG_LEVEL: 'silent' };
  const refusal = await runCitywatch(['serve'], quiet);
  t.equal(refusal.status, 1);
  t.match(
    refusal.stderr,
    /^The journal in .* is older than the database .*; put .* back, or run "citywatch adopt" .*\.\n$/,
  );

  const adopted = await runCitywatch(['adopt'], quiet);
  t.equal(adopted.status, 0, adopted.stderr);
  t.match(adopted.stdout, /older than the database/);

  await gateway.start();
  await device!.burn();
  await until('the fire is judged', async () => (await fires(gateway)) === 1);
  await reportMany(device!, 0);
  const after = await gateway.settledLedger();
  t.ok(after.balanced, JSON.stringify(after));
  t.equal(after.epochs.length, 2);
  const old = await gateway.get(`/ledger?epoch=${after.epochs[0]!.id}`);
  const kiosks = old.rows.find(({ kind }: { kind: string }) => kind === 'recycling-kiosk');
  // One more than was sent: the gateway's own word that the device was registered.
  const decoded = 2 * MESSAGES + 1;
  t.match(kiosks, { difference: -MESSAGES, messages: { decoded } }, 'the old epoch tells what was lost');
  const [alert] = (await gateway.get('/alerts?rule=kiosk-fire')).items;
  t.match(alert.receipt, new RegExp(`^live-\\d+-${after.epochs[1]!.id}$`));
  t.equal((await gateway.get(`/messages?id=${alert.receipt}`)).items.length, 1);
  t.same(await gateway.notGreen(), []);
});
