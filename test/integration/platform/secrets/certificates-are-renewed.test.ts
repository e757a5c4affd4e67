import { createPrivateKey } from 'node:crypto';
import { chmodSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { DAY_MS } from '../../../../src/core/clock.ts';
import { createObserver, KnownSecrets, type Observer } from '../../../../src/core/observe.ts';
import type { TlsMaterial } from '../../../../src/platform/secrets/certificates.ts';
import { TlsFiles } from '../../../../src/platform/secrets/tls-files.ts';
import { Authority } from '../../../support/network/certificates.ts';
import { ManualClock } from '../../../support/time/clock.ts';
import { until } from '../../../support/time/until.ts';

const LOOK_MS = 5_000;
const AHEAD_MS = 60_000;

interface Pair {
  cert: string;
  key: string;
}

class Place {
  readonly directory: string;
  readonly config: { certFile: string; keyFile: string; clientCaFile: string | null };

  constructor(directory: string) {
    this.directory = directory;
    const at = (name: string): string => join(directory, name);
    this.config = { certFile: at('server.pem'), keyFile: at('server.key'), clientCaFile: null };
  }

  /** As a renewal does it: beside, then in place of the old file. */
  put({ cert, key }: Partial<Pair>): void {
    for (const [path, text] of [
      [this.config.certFile, cert],
      [this.config.keyFile, key],
    ] as const) {
      if (text === undefined) continue;
      writeFileSync(`${path}.new`, text, { mode: 0o600 });
      renameSync(`${path}.new`, path);
    }
  }
}

function observed(): { observer: Observer; lines: string[] } {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { observer: createObserver({ level: 'info', secrets: new KnownSecrets(), destination }), lines };
}

async function world(t: Test) {
  const directory = t.testdir();
  const city = new Authority(directory, 'city');
  const place = new Place(directory);
  // It stands still while certificates are made by a clock that does not: they must not begin after it.
  return { city, place, clock: new ManualClock(Date.now() + AHEAD_MS), ...observed() };
}

async function problemsOf(place: Place, clientCaFile: string | null = null): Promise<string[]> {
  const deps = { clock: new ManualClock(Date.now()), ...observed() };
  try {
    await TlsFiles.open({ ...place.config, clientCaFile }, deps);
    return [];
  } catch (error) {
    return (error as { issues: { path: string; message: string }[] }).issues.map(
      (issue) => `${issue.path} ${issue.message}`,
    );
  }
}

t.test('what is wrong with a file is refused at start, by setting and reason', async (t) => {
  const { city, place } = await world(t);
  const good = city.issue('localhost');
  const missing = await problemsOf(place);
  t.match(missing, [
    /^CITYWATCH_TLS_CERT_FILE .*server\.pem cannot be read \(ENOENT/,
    /^CITYWATCH_TLS_KEY_FILE .*ENOENT/,
  ]);
  place.put(good);
  t.same(await problemsOf(place), []);
  place.put({ key: city.issue('other').key });
  t.match(await problemsOf(place), [
    /^CITYWATCH_TLS_KEY_FILE .*server\.key is not the key of the first certificate in .*server\.pem/,
  ]);
  place.put({ cert: 'hello', key: good.key });
  t.match(await problemsOf(place), [/^CITYWATCH_TLS_CERT_FILE .* holds no certificate in PEM form/]);
  place.put({ cert: good.cert.replace(/\n[^\n]{8}/, '\nAAAAAAAA'), key: '' });
  t.match(await problemsOf(place), [
    /no certificate in PEM/,
    /^CITYWATCH_TLS_KEY_FILE .* holds no private key in PEM form/,
  ]);
  place.put(city.issue('localhost', 0));
  t.match(await problemsOf(place), [/^CITYWATCH_TLS_CERT_FILE .* has expired at 20.*; renew it/]);
  place.put(good);
  const by = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open sesame' } as const;
  const locked = createPrivateKey(good.key).export(by).toString();
  place.put({ key: locked });
  t.match(await problemsOf(place), [/^CITYWATCH_TLS_KEY_FILE .* is locked by a passphrase/]);
  place.put(good);
  const empty = join(place.directory, 'clients.pem');
  writeFileSync(empty, '');
  t.match(await problemsOf(place, empty), [/^CITYWATCH_CLIENT_CA_FILE .* holds no certificate/]);
  await mkdir(join(place.directory, 'a-directory'));
  t.match(await problemsOf(place, join(place.directory, 'a-directory')), [/^CITYWATCH_CLIENT_CA_FILE .*not a file/]);
});

t.test('a new pair is taken up, a wrong one named once, and the one in use stays', async (t) => {
  const { city, place, clock, observer, lines } = await world(t);
  place.put(city.issue('localhost', 90));
  const files = await TlsFiles.open(place.config, { clock, observer });
  t.teardown(() => files.stop());
  const used: TlsMaterial[] = [];
  let refuse = false;
  files.watch((material) => {
    if (refuse) throw new Error('the server does not take it');
    used.push(material);
  });
  const errors = () => lines.filter((line) => line.includes('"level":50'));
  const look = (what: string, fact: () => boolean) =>
    until(what, async () => {
      await clock.advance(LOOK_MS);
      return fact();
    });

  await clock.advance(LOOK_MS * 3);
  t.same([used.length, errors().length], [0, 0], 'nothing changed, nothing happens');

  const second = city.issue('localhost', 91);
  place.put({ cert: second.cert });
  await look('half a renewal is named', () => errors().length === 1);
  await clock.advance(LOOK_MS * 5);
  t.equal(errors().length, 1, 'once');
  t.equal(used.length, 0);
  t.notMatch(lines.join(''), /PRIVATE KEY/);
  place.put({ key: second.key });
  await look('the whole of it is used', () => used.length === 1);
  t.equal(used[0]?.cert.toString(), second.cert);

  const third = city.issue('localhost', 92);
  refuse = true;
  place.put(third);
  await look('a refusal of the server is named', () => errors().length === 2);
  refuse = false;
  await look('and tried again', () => used.length === 2);
  t.equal(files.forApi().tls?.cert.toString(), third.cert);

  chmodSync(place.config.keyFile, 0o600);
  renameSync(place.config.keyFile, `${place.config.keyFile}.gone`);
  await look('a file that is gone is named', () => errors().length === 3);
  renameSync(`${place.config.keyFile}.gone`, place.config.keyFile);
  await clock.advance(LOOK_MS * 2);
  t.equal(used.length, 2, 'and nothing changes when it is back');
});

t.test('a certificate that nobody renews is named once a day, from 30 days before its end', async (t) => {
  const { city, place, clock, observer, lines } = await world(t);
  place.put(city.issue('localhost', 40));
  const files = await TlsFiles.open(place.config, { clock, observer });
  t.teardown(() => files.stop());
  files.watch(() => {});
  const warnings = () => lines.filter((line) => line.includes('ends soon')).length;
  const startMs = clock.nowMs();
  const atDay = async (day: number, warned: number): Promise<void> => {
    clock.setWall(startMs + day * DAY_MS);
    await until(`${warned} lines on day ${day}`, async () => {
      await clock.advance(LOOK_MS);
      return warnings() === warned;
    });
    await clock.advance(LOOK_MS * 10);
    t.equal(warnings(), warned);
  };
  await atDay(5, 0);
  await atDay(11, 1);
  await atDay(11.5, 1);
  await atDay(12.6, 2);
  t.match(await observer.metrics.metrics(), /citywatch_tls_certificate_expires_seconds \d{10}/);
});

t.test('without a certificate there is no TLS', async (t) => {
  const files = await TlsFiles.open(
    { certFile: null, keyFile: null, clientCaFile: null },
    { clock: new ManualClock(), ...observed() },
  );
  t.same([files.forApi(), files.material], [{}, null]);
  files.watch(() => t.fail('nothing to watch'));
  await files.stop();
});
