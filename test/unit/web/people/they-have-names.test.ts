import t from 'tap';
import { keepNames, nameOf, nameOfId, namesOf, usernamesOf } from '../../../../web/src/people.ts';

const PEOPLE = [
  { id: '1', username: 'li.na', name: 'li.na' },
  { id: '2', username: 'wang.wei', name: '王伟' },
  { id: '3', username: 'wang.wei2', name: '王伟' },
  { id: '4', username: 'chen.jing', name: '陈静' },
];

t.test('people are called by their names for as long as whoever asked is there', async (t) => {
  const stop = new AbortController();
  t.equal(nameOf('chen.jing'), 'chen.jing', 'until it is known');
  await keepNames(async () => ({ items: PEOPLE }), stop.signal);
  t.equal(namesOf(['chen.jing', 'li.na', 'nobody']), '陈静, li.na, nobody');
  t.equal(nameOfId('4'), '陈静');
  t.equal(nameOf('陈静'), '陈静', 'a name is no user name');
  stop.abort();
  t.equal(nameOf('chen.jing'), 'chen.jing', 'the next person at this desk is told nothing');
});

t.test('the user name stands beside a name that is another one, and that one person has', async (t) => {
  const stop = new AbortController();
  t.teardown(() => stop.abort());
  await keepNames(async () => ({ items: PEOPLE }), stop.signal);
  t.equal(usernamesOf([{ username: 'chen.jing' }, { username: 'li.na' }]), 'chen.jing');
  t.equal(usernamesOf([{ id: '2' }, { name: '陈静' }, { name: null }]), 'wang.wei, chen.jing');
  t.equal(usernamesOf([{ name: '王伟' }]), undefined, 'two are called so');
  t.equal(usernamesOf([{ username: 'li.na' }, { username: null }]), undefined);
});

t.test('who is refused, or has left before the answer, keeps nothing', async (t) => {
  const stop = new AbortController();
  await keepNames(async () => null, stop.signal);
  t.equal(nameOf('chen.jing'), 'chen.jing');
  await keepNames(async () => {
    stop.abort();
    return { items: PEOPLE };
  }, stop.signal);
  t.equal(nameOf('chen.jing'), 'chen.jing');
});
