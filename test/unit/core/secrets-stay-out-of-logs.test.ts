import t from 'tap';
import { BoundedMap, TokenBucket } from '../../../src/core/mechanisms/bounded.ts';
import { createLogger, KnownSecrets } from '../../../src/core/observe.ts';

function capture(secrets: KnownSecrets) {
  const lines: string[] = [];
  const log = createLogger({ level: 'info', secrets, destination: { write: (line) => lines.push(line) } });
  return { log, lines };
}

t.test('a known secret is hidden wherever it stands, also encoded in a URL', async (t) => {
  const secrets = new KnownSecrets();
  secrets.add('p@ss/word"1');
  const { log, lines } = capture(secrets);
  log.error({ error: 'rtsp://admin:p%40ss%2Fword%221@10.0.0.1 failed' }, 'open p@ss/word"1');
  log.info({ nested: { deep: ['p@ss/word"1'] } }, 'x');
  t.equal(lines.length, 2);
  for (const line of lines) t.notMatch(line, /p(@|%40)ss/);
});

t.test('fields that are secrets by name are hidden without being known', async (t) => {
  const { log, lines } = capture(new KnownSecrets());
  log.info({ password: 'one-unknown', device: { secret: 'two-unknown' }, a: { b: { token: 'three-unknown' } } }, 'x');
  t.notMatch(lines.join(''), /unknown/);
});

t.test('one event is one line, whatever is in it', async (t) => {
  const { log, lines } = capture(new KnownSecrets());
  log.info({ name: 'a\r\nb\u001b[31m\u0000' }, 'line\nbreak');
  t.equal(lines.length, 1);
  t.equal(lines[0]?.trimEnd().split('\n').length, 1);
});

t.test('short values are not treated as secrets', async (t) => {
  const secrets = new KnownSecrets();
  secrets.add('camera');
  t.equal(secrets.redact('the camera'), 'the camera');
});

t.test('a bounded map forgets what was used longest ago and counts it', async (t) => {
  const map = new BoundedMap<string, number>(2);
  map.set('a', 1);
  map.set('b', 2);
  map.get('a');
  map.set('c', 3);
  t.same([map.get('a'), map.get('b'), map.get('c'), map.evicted], [1, undefined, 3, 1]);
  t.throws(() => new BoundedMap(0), RangeError);
});

t.test('a token bucket refills with time, and a clock that goes back takes nothing away', async (t) => {
  const bucket = new TokenBucket(10, 5, 1_000);
  t.same(
    [1, 2, 3, 4, 5, 6].map(() => bucket.take(1, 1_000)),
    [0, 0, 0, 0, 0, 100],
  );
  t.equal(bucket.take(1, 500), 100);
  t.equal(bucket.take(1, 700), 0, 'time from there on counts');
});
