import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import t from 'tap';
import { mail } from '../../../../src/alerts/sinks/mail/mail.ts';
import { template } from '../../../../src/alerts/sinks/template/template.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { Outbound } from '../../../../src/platform/outbound/outbound.ts';
import { quietObserver } from '../../../support/services/services.ts';

const TLS = join(import.meta.dirname, '../../../fixtures/tls');
const networks = ['127.0.0.0/8'];
const outbound = new Outbound({ clock: systemClock, observer: quietObserver() });
t.teardown(() => outbound.close());
const deps = { clock: systemClock, outbound, webhooks: { cidrs: networks, names: 'webhooks' } } as const;

const ENTRY = {
  id: 'msg_1',
  event: 'e-1',
  type: 'alert.opened',
  at: '2026-11-21T08:00:00.000Z',
  alert: {
    id: 'alert-1',
    title: { en: 'Fire "2"', zh: '起火\n"二"' },
    severity: 'extreme',
    condition: 'active',
    jurisdiction: '330203',
    deviceName: '中山路88号',
    data: { plate: '浙B***45' },
  },
};

t.test('a robot that answers 200 to everything is believed by what it says', async (t) => {
  const bodies: string[] = [];
  const asked: string[] = [];
  let answer = '{"errcode":45009,"errmsg":"api freq limited"}';
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    bodies.push(body);
    asked.push(`${request.url} ${request.headers['content-type']}`);
    response.end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/send`;
  const sink = template.open({ networks }, deps);
  const ok = { field: 'errcode', equals: 0 };
  const robot = { target: { url, ok, json: { text: '{{title}} {{severityEn}}' } }, secrets: { query: ['key=k1'] } };
  const refused = await sink.send(ENTRY, robot);
  t.match(refused, { outcome: 'failed', status: 200, retryable: true, reason: /not with errcode 0/ });
  t.notMatch(JSON.stringify(refused), /freq|k1/, 'none of its words, and no secret');
  answer = '{"errcode":0}';
  t.match(await sink.send(ENTRY, robot), { outcome: 'taken' });
  t.same(JSON.parse(bodies[1]!), { text: '起火\n"二" extreme' }, 'whole JSON, whatever the title says');
  t.equal(asked[1], '/send?key=k1 application/json');
  const short = { target: { url, form: { to: '13800000000', text: '{{drill}}{{titleEn}}&x' } }, secrets: {} };
  t.match(await sink.send({ ...ENTRY, alert: { ...ENTRY.alert, exercise: true } }, short), { outcome: 'taken' });
  t.equal(new URLSearchParams(bodies[2]).get('text'), '【演习 EXERCISE】Fire "2"&x');
  t.match(await sink.send({ ...ENTRY, type: 'alert.commented' }, robot), { outcome: 'taken', status: null });
  t.equal(bodies.length, 3, 'what is not asked for is not sent');
});

t.test('mail goes by STARTTLS or not at all', async (t) => {
  const letters: { text: string; secure: boolean }[] = [];
  const start = async (hasTls: boolean): Promise<number> => {
    const server = new SMTPServer({
      secure: false,
      key: readFileSync(join(TLS, 'one.key')),
      cert: readFileSync(join(TLS, 'one.crt')),
      logger: false,
      authOptional: true,
      disabledCommands: hasTls ? [] : ['STARTTLS'],
      onData: (stream, session, done) => {
        let text = '';
        stream.on('data', (chunk: Buffer) => {
          text += chunk;
        });
        stream.on('end', () => {
          letters.push({ text, secure: session.secure });
          done();
        });
      },
    });
    server.on('error', () => {});
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => new Promise<void>((resolve) => void server.close(() => resolve())));
    return (server.server.address() as AddressInfo).port;
  };
  const [able, unable] = [await start(true), await start(false)];
  const by = (caFile: string | null) => mail.open({ networks, caFile }, deps);
  const to = (port: number, host = '127.0.0.1') => ({
    target: { host, port, security: 'starttls' as const, from: 'desk@city.example', to: ['lead@city.example'] },
    secrets: {},
  });
  const known = by(join(TLS, 'one.crt'));
  t.match(await known.send(ENTRY, to(able)), { outcome: 'taken', status: 250 });
  t.match(letters, [{ secure: true, text: /^Message-ID: <msg_1@city\.example>/im }]);
  const encoded = /\r\n\r\n([\s\S]*)/.exec(letters[0]!.text)?.[1] ?? '';
  const text = Buffer.from(encoded, /base64/i.test(letters[0]!.text) ? 'base64' : 'utf8').toString('utf8');
  t.notMatch(text, /中山路|浙B/, 'no exact place and no plate');
  const headers = headersOf(letters[0]!.text);
  t.equal(headers.get('subject'), '新警情 [特别重大] 起火 "二" 330203', 'one line, whatever the title says');
  t.match(headers.get('references'), /^<alert-alert-1@city\.example>$/, 'all mail of one alert stands together');
  t.same([headers.get('to'), headers.get('auto-submitted')], ['lead@city.example', 'auto-generated']);
  t.match(await by(null).send(ENTRY, to(able)), { outcome: 'failed', retryable: true }, 'nobody vouches for it');
  t.match(await known.send(ENTRY, to(unable)), { outcome: 'failed' }, 'it would go in the clear');
  t.equal(letters.length, 1);
  const evil = { en: 'x', zh: '起火\r\nBcc: spy@evil.example\r\n\r\nbody' };
  const drill = { ...ENTRY, id: 'msg_2', alert: { ...ENTRY.alert, title: evil, exercise: true } };
  t.match(await known.send(drill, to(able)), { outcome: 'taken' });
  const second = headersOf(letters[1]!.text);
  t.match(second.get('subject'), /^【演习 EXERCISE】新警情 /, 'a drill is marked before all else');
  t.notOk(second.has('bcc'), 'no word of a rule becomes a header');
  await t.rejects(known.check(to(able, '10.1.2.3').target), { code: 'outbound.refused' });
});

/** Headers of a letter by their names in lower case, unfolded, with words of UTF-8 as they read. */
function headersOf(letter: string): Map<string, string> {
  const head = letter.slice(0, letter.indexOf('\r\n\r\n')).replaceAll(/\r\n[ \t]+/g, ' ');
  return new Map(
    head.split('\r\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), wordsOf(line.slice(colon + 1).trim())];
    }),
  );
}

/** RFC 2047: the space between two encoded words is none. */
function wordsOf(text: string): string {
  const joined = text.replaceAll(/\?= +=\?/g, '?==?');
  return joined.replaceAll(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, how: string, word: string) => {
    if (how.toLowerCase() === 'b') return Buffer.from(word, 'base64').toString('utf8');
    const bytes = word.replaceAll('_', ' ').replaceAll(/=([0-9A-F]{2})/gi, (_all, hex: string) => `%${hex}`);
    return decodeURIComponent(bytes.replaceAll(/%(?![0-9A-F]{2})/gi, '%25'));
  });
}
