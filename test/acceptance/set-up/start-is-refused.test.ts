import { chmod, chown, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { ownCheckout, refusedStart } from '../../support/gateway/refused-start.ts';
import { temporaryDirectory } from '../../support/services/services.ts';
import { lentServices } from '../../support/services/shared-database.ts';

// A busy machine takes several times what a quiet one does.
t.setTimeout(240_000);

interface Wrong {
  env: Record<string, string>;
  status: 1 | 2;
  says: RegExp;
  root?: string;
}

/** The start ends with `status` and exactly one line on standard error, which is the whole explanation. */
async function refused(t: Test, name: string, { env, status, says, root }: Wrong): Promise<void> {
  const outcome = await refusedStart(env, root);
  t.equal(outcome.status, status, `${name}: status ${status}`);
  t.match(outcome.stderr.trimEnd(), says, name);
  t.equal(outcome.stderr.trimEnd().split('\n').length, 1, `${name}: one sentence`);
  t.notMatch(outcome.stdout, 'is ready', name);
}

async function takenPort(t: Test): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => void server.close());
  return String((server.address() as AddressInfo).port);
}

t.test('settings that are wrong are named with their place and what would be right', async (t) => {
  const CITYWATCH_DATA_DIR = await temporaryDirectory(t);
  const config = join(CITYWATCH_DATA_DIR, 'gateway.yaml');
  await writeFile(config, '# mine\nhttp:\n  port: 8080\n  prot: 1\n');
  const wrong: Record<string, Wrong> = {
    'a value out of range': {
      env: { CITYWATCH_HTTP_PORT: '99999' },
      status: 2,
      says: /CITYWATCH_HTTP_PORT: 99999 is not a whole number from 0 to 65535$/,
    },
    'an unknown variable': {
      env: { CITYWATCH_HTTP_PROT: '1' },
      status: 2,
      says: /CITYWATCH_HTTP_PROT: is not a setting; did you mean CITYWATCH_HTTP_PORT\?$/,
    },
    'an unknown key in the file': {
      env: { CITYWATCH_CONFIG: config },
      status: 2,
      says: /gateway\.yaml:4 http\.prot: is not a setting; did you mean http\.port\?$/,
    },
    'a token that can be guessed': {
      env: { CITYWATCH_ADMIN_TOKEN: 'short-canary' },
      status: 2,
      says: /CITYWATCH_ADMIN_TOKEN: the value is not a secret of 32 to 4096 characters$/,
    },
    'a service that is not there': {
      env: { DATABASE_URL: 'postgresql://user:canary@127.0.0.1:1/none' },
      status: 1,
      says: /postgres.*; .*DATABASE_URL.*\.$/i,
    },
  };
  for (const [name, each] of Object.entries(wrong)) {
    await refused(t, name, { ...each, env: { CITYWATCH_DATA_DIR, ...each.env } });
  }
});

t.test('a kind file with an impossible range is named with its line', async (t) => {
  const root = await ownCheckout(t);
  const file = join(root, 'config/kinds/recycling-kiosk.yaml');
  const text = await readFile(file, 'utf8');
  const changed = text.replace(/(tilt_deg: .*min:) 0, max: 180/, '$1 200, max: 180');
  const line = changed.slice(0, changed.indexOf('tilt_deg')).split('\n').length;
  await writeFile(file, changed);
  const env = { ...(await lentServices(t)), CITYWATCH_DATA_DIR: await temporaryDirectory(t) };
  const says = new RegExp(`recycling-kiosk\\.yaml:${line}: fields\\.tilt_deg\\.max: must not be below min$`);
  await refused(t, 'an impossible range', { env, status: 2, says, root });
});

t.test('places that are taken or not ours are named with the remedy', async (t) => {
  const CITYWATCH_DATA_DIR = await temporaryDirectory(t);
  const port = await takenPort(t);
  for (const variable of ['CITYWATCH_HTTP_PORT', 'CITYWATCH_MQTT_PORT']) {
    const says = new RegExp(`${variable}: .*${port}\\b.* .*taken.* another (port|one) \\(0 = any free one\\)$`);
    await refused(t, `${variable} taken`, { env: { CITYWATCH_DATA_DIR, [variable]: port }, status: 2, says });
  }
  const made = await readdir(CITYWATCH_DATA_DIR);
  t.notOk(made.includes('postgres') || made.includes('influx'), 'no server was started for it');
  const open = join(CITYWATCH_DATA_DIR, 'open');
  await mkdir(open);
  await chmod(open, 0o777);
  const env = { CITYWATCH_DATA_DIR: open };
  await refused(t, 'open to others', { env, status: 1, says: /Other users may write to .*open; run chmod 700 .*\.$/ });
  const file = join(CITYWATCH_DATA_DIR, 'file');
  await writeFile(file, '');
  const says = /file.*CITYWATCH_DATA_DIR/;
  await refused(t, 'a file', { env: { CITYWATCH_DATA_DIR: file }, status: 1, says });
  if (process.getuid?.() !== 0) return;
  const foreign = join(CITYWATCH_DATA_DIR, 'foreign');
  await mkdir(foreign, { mode: 0o700 });
  await chown(foreign, 65_534, 65_534);
  const whose = /foreign belongs to user 65534, but citywatch runs as user 0; run it as that user, or chown -R 0 .*\.$/;
  await refused(t, 'of another user', { env: { CITYWATCH_DATA_DIR: foreign }, status: 1, says: whose });
});
