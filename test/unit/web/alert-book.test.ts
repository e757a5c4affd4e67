import fc from 'fast-check';
import t from 'tap';
import {
  type Book,
  drop,
  EMPTY,
  extend,
  gravest,
  keepOnly,
  ROWS_MAX,
  release,
  take,
} from '../../../web/src/alerts/book.ts';
import type { Alert } from '../../../web/src/types.ts';

function alert(id: string, version = 1, fields: Partial<Alert> = {}): Alert {
  const firstAt = new Date(1_700_000_000_000 + Number(id) * 1_000).toISOString();
  const nobody = { ackedBy: null, ackedById: null, ackedAt: null, assignedTo: null, unit: null };
  const open = { closedBy: null, closedAt: null, verdict: null };
  return {
    id,
    version,
    firstAt,
    title: { en: 'a', zh: 'b' },
    severity: 'minor',
    class: 'incident',
    desk: 'police',
    condition: 'active',
    handling: 'new',
    visibility: 'normal',
    audience: 'everyone',
    rule: 'r@1',
    jurisdiction: '330203',
    device: 'kiosk-017',
    subject: { type: 'device', id: 'd', name: 'D' },
    occurrences: 1,
    level: 'station',
    storm: null,
    stormCount: 0,
    exercise: false,
    data: {},
    evidence: [],
    comments: [],
    ...nobody,
    ...open,
    ...fields,
  };
}

t.test('whatever order news come in and however often, the book ends the same', async () => {
  const news = fc.array(fc.record({ id: fc.integer({ min: 1, max: 20 }), version: fc.integer({ min: 1, max: 9 }) }));
  fc.assert(
    fc.property(news, fc.array(fc.boolean()), (items, holds) => {
      const alerts = items.map(({ id, version }) => alert(String(id), version));
      const step = (book: Book, one: Alert, at: number) => take(book, [one], holds[at % (holds.length || 1)] ?? false);
      const oneByOne = release([...alerts, ...alerts].reduce(step, EMPTY));
      const atOnce = take(EMPTY, alerts, false);
      const view = ({ alerts, shown }: Book) => shown.map((id) => [id, alerts.get(id)?.version]);
      return JSON.stringify(view(oneByOne)) === JSON.stringify(view(atOnce)) && oneByOne.waiting.length === 0;
    }),
  );
});

t.test('of those that changed the ones that no longer belong leave, as they stand in the book', async (t) => {
  const before = take(EMPTY, [alert('1', 2, { handling: 'closed' }), alert('2'), alert('3')], false);
  let judged = 0;
  const isOpen = ({ handling }: Alert) => {
    judged += 1;
    return handling !== 'closed';
  };
  const changed = [alert('1', 1), alert('2'), alert('9')];
  const after = keepOnly(before, isOpen, changed);
  t.same(after.shown, ['3', '2']);
  t.notOk(after.alerts.has('1'));
  t.equal(judged, 2, 'however many others there are');
  t.equal(keepOnly(before, isOpen, [alert('3')]), before, 'nothing leaves: the same book');
  t.same(keepOnly(before, isOpen).shown, ['3', '2'], 'all are judged where it is not said which changed');
});

t.test('while the list is held its order stays, known rows change and new ones wait', async (t) => {
  const before = take(EMPTY, [alert('1'), alert('2')], false);
  const held = take(before, [alert('1', 2, { handling: 'acked' }), alert('3', 1, { severity: 'severe' })], true);
  t.same(held.shown, ['2', '1']);
  t.same(held.waiting, ['3']);
  t.equal(held.alerts.get('1')?.handling, 'acked');
  t.equal(gravest(held, held.waiting), 'severe');
  t.same(release(held).shown, ['3', '2', '1']);
});

t.test('rows stand open first, the gravest first, the newest first', async (t) => {
  const closed = { handling: 'closed', severity: 'extreme' } as const;
  const news = [
    alert('1', 1, { severity: 'extreme' }),
    alert('2'),
    alert('3', 1, { severity: 'severe', handling: 'acked' }),
    alert('4', 1, closed),
    alert('5'),
  ];
  t.same(take(EMPTY, news, false).shown, ['1', '3', '5', '2', '4']);
  const held = take(take(EMPTY, news, false), [alert('1', 2, closed)], true);
  t.same(held.shown, ['1', '3', '5', '2', '4'], 'what is closed under the hand stays where it is');
  t.same(release(held).shown, ['3', '5', '2', '4', '1']);
});

t.test('an alert that went to another district leaves, and comes again only where it arrives', async (t) => {
  const before = take(take(EMPTY, [alert('1'), alert('2')], false), [alert('3', 4)], true);
  const left = drop(drop(before, alert('1', 2)), alert('3', 5));
  t.same([left.shown, left.waiting, [...left.alerts.keys()]], [['2'], [], ['2']]);
  t.same(take(left, [alert('1', 3)], false).shown, ['2', '1'], 'of who sees both districts');
  t.equal(drop(before, alert('3', 3)), before, 'told late');
});

t.test('the book has a limit: the least urgent go first, and never one that is under a hand', async (t) => {
  const many = Array.from({ length: ROWS_MAX }, (_, at) =>
    alert(String(at + 10), 1, at === 50 ? { handling: 'closed' } : {}),
  );
  const full = take(EMPTY, many, false);
  t.notOk(full.cut);
  const one = take(full, [alert('9000')], false);
  t.equal(one.shown.length, ROWS_MAX);
  t.notOk(one.alerts.has('60'), 'the closed one is gone');
  t.ok(one.cut, 'and the page knows that there is more');
  const two = take(one, [alert('9001')], true);
  t.same(two.shown, one.shown);
  t.same(two.waiting, ['9001']);
  t.notOk(release(two).alerts.has('10'), 'then the oldest');
  t.equal(release(two).alerts.size, ROWS_MAX);
  const flooded = Array.from({ length: 3 * ROWS_MAX }, (_, at) => alert(String(at + 10_000)));
  t.equal(take(two, flooded, true).alerts.size, 2 * ROWS_MAX, 'also while it is held');
});

t.test('what somebody asked for is added below, and there is room for it', async (t) => {
  const full = take(
    EMPTY,
    Array.from({ length: ROWS_MAX }, (_, at) => alert(String(at + 10))),
    false,
  );
  const { book, news } = extend(full, [alert('10', 9), alert('4'), alert('5')]);
  t.equal(news, 2);
  t.same(book.shown.slice(-3), ['10', '5', '4']);
  t.equal(book.alerts.get('10')?.version, 1, 'what the stream said is not taken back by an old page');
  t.equal(release(book).shown.length, ROWS_MAX + 2);
});
