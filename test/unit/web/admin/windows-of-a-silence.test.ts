import t from 'tap';
import { closedUp, windowFields, windowsIn } from '../../../../web/src/admin/alerts/windows.ts';

const window = (n: number, days: string, from = '22:00', to = '06:00') => ({
  [`repeats.${n}.days`]: days,
  [`repeats.${n}.from`]: from,
  [`repeats.${n}.to`]: to,
});
const fieldsOf = (values: Record<string, string>) => windowFields(values, (days) => days);
t.test('each window that is begun offers the next one, sixteen at most', async (t) => {
  t.same(
    fieldsOf({}).map(({ name }) => name),
    ['repeats.0.days'],
  );
  t.same(
    fieldsOf(window(0, 'all')).map(({ name }) => name),
    ['repeats.0.days', 'repeats.0.from', 'repeats.0.to', 'repeats.1.days'],
  );
  const many = Object.assign({}, ...Array.from({ length: 16 }, (_, n) => window(n, 'mon')));
  t.equal(windowsIn(many), 16);
  t.equal(fieldsOf(many).length, 48);
});

t.test('a window that is taken out leaves no gap', async (t) => {
  const values = { reason: 'x', ...window(0, ''), ...window(1, 'sat'), ...window(3, 'sun', '01:00') };
  const moved = closedUp(values)!;
  t.same(moved, { reason: 'x', ...window(0, 'sat'), ...window(1, 'sun', '01:00') });
  t.equal(closedUp(moved), null);
  t.equal(closedUp({ ...window(0, 'sat'), ...window(1, '') }), null, 'the times of the last one are kept');
});
