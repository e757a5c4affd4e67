import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { Passwords } from '../../../src/access/passwords.ts';
import { People } from '../../../src/access/people.ts';
import { Sessions } from '../../../src/access/sessions.ts';
import { listen } from '../../../src/api/server/server.ts';
import { main } from '../../../src/app/cli.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { KnownSecrets } from '../../../src/core/observe.ts';
import { startApi } from '../../support/api/api.ts';
import { openRegistry } from '../../support/devices/registry.ts';
import { quietObserver } from '../../support/services/services.ts';

const ADMIN_TOKEN = 'the-admin-token-of-this-very-test-0123456789';
process.env.CITYWATCH_ADMIN_TOKEN = ADMIN_TOKEN;
process.env.CITYWATCH_DATA_DIR = t.testdir();

const ground = await openRegistry(t);
await ground.tokens.ensureBootstrap(ADMIN_TOKEN);
const parts = { ...ground, passwords: new Passwords(), clock: systemClock };
const sessions = new Sessions({ ...parts, observer: quietObserver() });
const people = new People({ ...parts, sessionsEnded: () => sessions.forget() });
const { app } = await startApi(t, { people, sessions, tokens: ground.tokens });
const { url } = await listen(app, { host: '127.0.0.1', port: 0 });

async function run(...words: string[]) {
  const said: string[] = [];
  const complaints: string[] = [];
  const status = await main([...words, '--url', url], {
    print: (line) => said.push(line),
    complain: (line) => complaints.push(line),
    secrets: new KnownSecrets(),
  });
  return { status, said, complaints };
}

const PERSON = ['--username', 'li', '--name', 'Li', '--role', 'operator', '--jurisdiction', '330200'];

t.test('a person is added with a password that is shown once, listed, and disabled', async (t) => {
  const made = await run('user', 'add', ...PERSON);
  t.equal(made.status, 0, made.complaints.join());
  const [password = ''] = made.said;
  t.match(await sessions.start({ username: 'li', password }), { username: 'li', caller: { role: 'operator' } });
  const again = await run('user', 'add', ...PERSON);
  t.equal(again.status, 1);
  t.match(again.complaints, [/exists already/]);
  t.match((await run('user', 'list')).said, [/^li +operator +330200 +may log in +Li$/]);
  t.match(await run('user', 'disable', 'li'), { status: 0, said: ['disabled'] });
  t.match((await run('user', 'list')).said, [/disabled 20/]);
  await t.rejects(sessions.start({ username: 'li', password }), { code: 'auth.required' });
  t.equal((await run('user', 'disable', 'nobody')).status, 2);
});

t.test('a password comes from a file and never from the words of a command', async (t) => {
  const file = join(t.testdir(), 'password');
  await writeFile(file, 'a phrase from a file\n');
  const words = PERSON.map((word) => (word === 'li' ? 'wang' : word));
  const made = await run('user', 'add', ...words, '--password-file', file);
  t.match(made, { status: 0, said: ['wang can log in'] });
  t.ok(await sessions.start({ username: 'wang', password: 'a phrase from a file' }));
  t.equal((await run('user', 'add', ...words, '--password', 'x')).status, 2);
});

t.test('a token is made, works, and is revoked', async (t) => {
  const words = ['--name', 'centre', '--role', 'viewer', '--jurisdiction', '330200'];
  const [token = ''] = (await run('token', 'create', ...words)).said;
  t.match(await ground.tokens.verify(token), { role: 'viewer' });
  const line = (await run('token', 'list')).said.find((each) => each.includes('centre')) ?? '';
  t.match(await run('token', 'revoke', line.split(' ')[0] ?? ''), { status: 0, said: ['revoked'] });
  t.equal(await ground.tokens.verify(token), null);
});
