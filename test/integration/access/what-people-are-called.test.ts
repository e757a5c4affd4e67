import t from 'tap';
import { Passwords } from '../../../src/access/passwords.ts';
import { People } from '../../../src/access/people.ts';
import { Colleagues } from '../../../src/access/tree/colleagues.ts';
import { callerIn, openRegistry } from '../../support/devices/registry.ts';
import { ManualClock } from '../../support/time/clock.ts';

const NATION = callerIn('000000');

t.test('people of one area are told what each other is called, and nobody of another one', async (t) => {
  const clock = new ManualClock();
  const ground = await openRegistry(t, { clock });
  const passwords = new Passwords({ hash: async (password: string) => password, verify: async () => true });
  const people = new People({ ...ground, passwords, clock, sessionsEnded: () => {} });
  const make = (username: string, name: string, jurisdiction: string) =>
    people.create(NATION, { username, name, jurisdiction, role: 'viewer', password: 'correct horse battery' });
  const { id } = await make('wang.wei', '王伟', '330212');
  await make('sun.yan', '孙燕', '330200');
  await make('chen.jing', '陈静', '330203');
  const left = await make('wu.hao', '吴昊', '330212');
  await people.update(NATION, left.id, 1, { disabled: true });
  const colleagues = new Colleagues({ ...ground, trees: ground.agencies });
  const seenBy = async (jurisdiction: string) =>
    (await colleagues.names(callerIn(jurisdiction))).map(({ username }) => username);
  t.same(await seenBy('330212'), ['sun.yan', 'wang.wei', 'wu.hao'], 'also of who left: what they did stays');
  t.same(await seenBy('330200'), ['chen.jing', 'sun.yan', 'wang.wei', 'wu.hao']);
  t.same(await seenBy('330203'), ['chen.jing', 'sun.yan']);
  t.same(await seenBy('510703'), []);
  const [, wang] = await colleagues.names(callerIn('330212'));
  t.same(wang, { id, username: 'wang.wei', name: '王伟' }, 'and nothing else of them');
  const within = await colleagues.names({ ...callerIn('330212'), police: '330212000000', agencies: ['330212000000'] });
  t.same(within, [], 'who is limited to an agency of the police is told of those of agencies alone');
});
