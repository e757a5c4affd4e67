import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { Passwords } from '../../../src/access/passwords.ts';
import { People } from '../../../src/access/people.ts';
import { Sessions } from '../../../src/access/sessions.ts';
import { TreeEdits } from '../../../src/access/tree/tree-edits.ts';
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
const { jurisdictions, departments, police } = ground;
const treeEdits = new TreeEdits({ ...parts, jurisdictions });
const trees = { jurisdictions, treeEdits, departments, police };
const { app } = await startApi(t, { ...trees, people, sessions, tokens: ground.tokens });
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

t.test('zones, departments and police agencies are added, renamed, ended and listed', async (t) => {
  const tree = async (words: string, ...names: string[]) => {
    const { status, said, complaints } = await run('tree', ...words.split(' '), ...names);
    t.equal(status, 0, complaints.join());
    return said;
  };
  t.same(await tree('zones add 330212z-gaoxin --from 2020-01-01 --name', '高新区'), [
    '330212z-gaoxin  330212  2020-01-01..  高新区',
  ]);
  await tree('zones members 330212z-gaoxin');
  await tree('zones rename 330212z-gaoxin --name', '科学城');
  await tree('zones end 330212z-gaoxin --on 2024-01-01 --successor 330212');
  t.same(await tree('zones list'), ['330212z-gaoxin  330212  0  2020-01-01..2024-01-01  -> 330212  科学城']);
  const agency = 'agencies add 330200000000 --level city --jurisdiction 330200 --name';
  t.same(await tree(agency, '市局'), ['330200000000  330200  市局']);
  const county = 'agencies add 330212000000 --level county --parent 330200000000 --jurisdiction 330212 --name';
  await tree(county, '分局');
  await tree('agencies rename 330212000000 --name', '鄞州分局');
  await tree('agencies end 330212000000 --on 2024-01-01');
  t.same(await tree('agencies list'), [
    '330200000000  330200  0  市局',
    '330212000000  330200000000  0  ..2024-01-01  鄞州分局',
  ]);
  const [line = ''] = await tree('departments add --jurisdiction 330200 --alias 城管 --name', '城管局');
  const id = line.split(' ')[0] ?? '';
  await tree(`departments rename ${id} --name`, '综合执法局');
  await tree(`departments end ${id} --on 2024-01-01`);
  t.ok((await tree('departments list')).includes(`${id}  330200  ..2024-01-01  综合执法局`));
  const limited = ['--name', 'station', '--role', 'viewer', '--jurisdiction', '330212', '--police', '330200000000'];
  const [token = ''] = (await run('token', 'create', ...limited)).said;
  t.match(await ground.tokens.verify(token), { police: '330200000000' });
  t.equal((await run('tree', 'agencies', 'end', '330200000000')).status, 2, '--on is missing');
  t.equal((await run('tree', 'forests', 'list')).status, 2);
  t.equal((await run('tree', 'zones', 'bounds', 'x')).status, 2);
});
