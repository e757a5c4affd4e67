import t from 'tap';
import { HealthBook } from '../../../../src/devices/health/book.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const KINDS: Record<string, { staleAfterS: number; stream: boolean }> = {
  kiosk: { staleAfterS: 180, stream: false },
  camera: { staleAfterS: 30, stream: true },
  cabinet: { staleAfterS: 3_600, stream: false },
};

function openBook(clock = new ManualClock(1_700_000_000_000)) {
  const judged: string[] = [];
  const book = new HealthBook({ clock, kind: (name) => KINDS[name] });
  book.listen((id) => void judged.push(id));
  const put = (id: string, kind = 'kiosk', parent: string | null = null, state = 'in-service') =>
    book.put({ id, kind, state: state as 'in-service', parent });
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) {
      await clock.leap(1_000);
      book.tick();
    }
  };
  const hear = (id: string): void => book.heard(id, { atMs: clock.nowMs(), isTelemetry: true });
  const connect = (id: string, good: boolean): void =>
    book.signal(id, 'connection', { good, detail: good ? null : 'lost' });
  const is = (id: string): string => `${book.of(id)?.health} ${book.of(id)?.cause ?? ''}`.trim();
  return { book, clock, judged, put, pass, hear, connect, is };
}

t.test('a kiosk comes, is lost, comes back, falls silent, and each says since when', async (t) => {
  const { book, clock, put, pass, hear, connect, is } = openBook();
  put('k-1');
  t.match(book.of('k-1'), { health: 'unknown', cause: 'never-heard', sinceMs: null });
  connect('k-1', true);
  hear('k-1');
  t.equal(is('k-1'), 'online');
  await pass(60);
  hear('k-1');
  const lostMs = clock.nowMs();
  connect('k-1', false);
  await pass(14);
  t.equal(is('k-1'), 'online', 'a reconnect is no outage');
  await pass(2);
  t.equal(is('k-1'), 'offline connection-lost');
  t.equal(book.of('k-1')!.sinceMs, lostMs, 'since it was lost, not since it was judged');
  connect('k-1', true);
  t.equal(is('k-1'), 'offline connection-lost', 'not back yet');
  await pass(11);
  t.equal(is('k-1'), 'online');
  await pass(180);
  t.equal(is('k-1'), 'degraded no-data');
  hear('k-1');
  t.equal(is('k-1'), 'online');
});

t.test('a camera is judged by what it answers and not by what it sends', async (t) => {
  const { book, clock, put, pass, is } = openBook();
  put('c-1', 'camera');
  book.signal('c-1', 'answer', { good: true, detail: null });
  book.heard('c-1', { atMs: clock.nowMs(), isTelemetry: false });
  await pass(120);
  t.equal(is('c-1'), 'online', 'no event is owed');
  book.signal('c-1', 'onvif', { good: false, detail: 'auth' });
  await pass(16);
  t.match(book.of('c-1'), { health: 'degraded', cause: 'onvif', detail: 'auth' });
  book.signal('c-1', 'stream', { good: false, detail: 'stalled' });
  book.signal('c-1', 'answer', { good: false, detail: 'silent' });
  await pass(16);
  t.equal(is('c-1'), 'offline no-answer');
  book.signal('c-1', 'stream', null);
});

t.test('pictures that did not come while a camera was away are not held against it once it is back', async (t) => {
  const { book, put, pass, is } = openBook();
  put('c-1', 'camera');
  book.signal('c-1', 'answer', { good: true, detail: null });
  await pass(20);
  book.signal('c-1', 'stream', { good: false, detail: 'unreachable' });
  book.signal('c-1', 'answer', { good: false, detail: 'silent' });
  await pass(60);
  t.equal(is('c-1'), 'offline no-answer');
  book.signal('c-1', 'answer', { good: true, detail: null });
  await pass(11);
  t.equal(is('c-1'), 'online', 'nobody wanted its pictures any more, so nobody would have said that they come');
  book.signal('c-1', 'stream', { good: false, detail: 'stalled' });
  book.signal('c-1', 'answer', { good: true, detail: null });
  await pass(16);
  t.equal(is('c-1'), 'degraded stream', 'one that answers all the time and sends none has no such excuse');
});

t.test('our own restart makes nobody offline, and nobody online', async (t) => {
  const { book, clock, pass, is, connect } = openBook();
  const sinceMs = clock.nowMs() - 3_600_000;
  const device = { kind: 'kiosk', state: 'in-service', parent: null } as const;
  book.put(
    { ...device, id: 'was-well' },
    {
      verdict: { health: 'online', cause: null, detail: null, sinceMs },
      heardAtMs: clock.nowMs() - 600_000,
    },
  );
  const lost = { health: 'offline', cause: 'connection-lost', detail: 'lost', sinceMs } as const;
  book.put({ ...device, id: 'was-lost' }, { verdict: lost, heardAtMs: sinceMs });
  await pass(179);
  t.equal(is('was-well'), 'online');
  t.match(book.of('was-lost'), { health: 'offline', cause: 'connection-lost', sinceMs });
  await pass(2);
  t.equal(is('was-well'), 'offline silent');
  connect('was-lost', true);
  t.equal(is('was-lost'), 'degraded no-data', 'there again, and silent so far');
});

t.test('a clock that is set turns nobody', async (t) => {
  const { book, clock, put, pass, hear, is } = openBook();
  put('k-1');
  hear('k-1');
  clock.setWall(clock.nowMs() + 86_400_000);
  await pass(100);
  t.equal(is('k-1'), 'online');
  clock.setWall(clock.nowMs() - 172_800_000);
  hear('k-1');
  await pass(179);
  t.equal(is('k-1'), 'online');
  await pass(2);
  t.equal(is('k-1'), 'offline silent');
  t.ok(book.of('k-1')!.sinceMs! <= clock.nowMs());
});

t.test('what goes dark together is explained once, by what it hangs on', async (t) => {
  const { book, put, pass, connect, is, judged } = openBook();
  put('cabinet', 'cabinet');
  for (let n = 0; n < 10; n += 1) {
    put(`k-${n}`, 'kiosk', 'cabinet');
    connect(`k-${n}`, true);
  }
  t.equal(is('cabinet'), 'unknown never-heard', 'a cabinet says nothing itself');
  connect('k-9', false);
  await pass(200);
  t.equal(is('k-9'), 'offline connection-lost');
  for (let n = 0; n < 5; n += 1) {
    connect(`k-${n}`, false);
    await pass(5);
  }
  await pass(20);
  t.equal(is('k-0'), 'offline connection-lost', 'five of ten are not more than half');
  connect('k-5', false);
  await pass(16);
  t.match(book.of('k-0'), { health: 'offline', cause: 'parent', because: 'cabinet' });
  t.match(book.of('cabinet'), { health: 'offline', cause: 'children-together', detail: '6/10', because: null });
  t.match(book.of('k-9'), { cause: 'connection-lost', because: null }, 'what was dark before has its own cause');
  t.ok(judged.includes('cabinet'));
  for (let n = 0; n < 4; n += 1) connect(`k-${n}`, true);
  await pass(11);
  t.equal(is('cabinet'), 'unknown never-heard', 'the few that stay dark explain themselves');
  t.match(book.of('k-5'), { cause: 'connection-lost', because: null });
});

t.test('three that go one after the other are no outage of what they hang on', async (t) => {
  const { put, pass, connect, is } = openBook();
  put('site', 'cabinet');
  for (const id of ['a', 'b', 'c', 'd']) {
    put(id, 'kiosk', 'site');
    connect(id, true);
  }
  for (const id of ['a', 'b', 'c']) {
    connect(id, false);
    await pass(61);
  }
  t.equal(is('site'), 'unknown never-heard');
  t.equal(is('a'), 'offline connection-lost');
});

t.test('a parent that is offline by its own word explains all below it, to the top', async (t) => {
  const { book, put, pass, connect, is } = openBook();
  put('site', 'cabinet');
  put('switch', 'camera', 'site');
  put('recorder', 'camera', 'switch');
  put('channel', 'camera', 'recorder');
  for (const id of ['switch', 'recorder', 'channel']) book.signal(id, 'answer', { good: true, detail: null });
  for (const id of ['recorder', 'channel']) book.signal(id, 'answer', { good: false, detail: null });
  await pass(16);
  t.match(book.of('channel'), { cause: 'parent', because: 'recorder' });
  book.signal('switch', 'answer', { good: false, detail: null });
  await pass(16);
  t.match(book.of('channel'), { cause: 'parent', because: 'switch' }, 'one explanation');
  t.match(book.of('recorder'), { cause: 'parent', because: 'switch' });
  t.equal(is('switch'), 'offline no-answer');
  put('recorder', 'camera', null);
  t.match(book.of('channel'), { because: 'recorder' }, 'it hangs elsewhere now');
  put('recorder', 'camera', null, 'retired');
  t.equal(book.of('recorder'), null);
  t.match(book.of('channel'), { cause: 'no-answer', because: null });
  connect('nobody', true);
  t.equal(book.of('nobody'), null);
});

t.test('a tick costs what is due, and a message that says nothing new costs no judgement', async (t) => {
  const { book, clock, put, hear, judged } = openBook();
  for (let n = 0; n < 1_000; n += 1) {
    put(`k-${n}`);
    if (n % 100 === 0) hear(`k-${n}`);
  }
  const counts = (): Record<string, number> => {
    const found: Record<string, number> = {};
    for (let n = 0; n < 1_000; n += 1) {
      const health = book.healthOf(`k-${n}`)!;
      found[health] = (found[health] ?? 0) + 1;
    }
    return found;
  };
  t.equal(book.waiting, 10, 'only those that were heard can fall silent');
  const before = judged.length;
  for (let n = 0; n < 100; n += 1) hear('k-0');
  t.equal(judged.length, before);
  t.same(counts(), { online: 10, unknown: 990 });
  await clock.advance(400_000);
  book.tick();
  t.equal(book.waiting, 0, 'who is silent is not looked at again');
  t.same(counts(), { offline: 10, unknown: 990 });
});
