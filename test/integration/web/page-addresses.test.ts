import { gunzipSync } from 'node:zlib';
import Fastify from 'fastify';
import t from 'tap';
import { CONSOLE_VIEWS, readPages, serveConsole } from '../../../src/api/server/console.ts';
import { CitywatchError } from '../../../src/core/errors.ts';
import { VIEWS } from '../../../web/src/ground/views.ts';
import { builtConsole } from '../../support/web/built-console.ts';

const VISIT = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

async function server() {
  const app = Fastify({ logger: false });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ code: 'not-found' }));
  app.get('/api/v1/thing', async () => ({}));
  const files = await builtConsole();
  serveConsole(app, files);
  return { app, files };
}

t.test('the page comes with a policy that allows nothing inline', async (t) => {
  const { app } = await server();
  const { statusCode, headers, body } = await app.inject({ url: '/', headers: VISIT });
  t.equal(statusCode, 200);
  t.match(headers['content-type'], 'text/html');
  const policy = String(headers['content-security-policy']);
  for (const part of ["default-src 'self'", "style-src 'self'", "frame-ancestors 'none'"]) t.match(policy, part);
  t.notMatch(policy, /unsafe|https?:|\*/);
  t.match(policy, /; require-trusted-types-for 'script'; trusted-types citywatch$/);
  t.equal(headers['x-content-type-options'], 'nosniff');
  t.equal(headers['cache-control'], 'no-cache');
  t.notMatch(body, /<script>|<style|\bon\w+=|https?:\/\//, 'nothing inline, nothing from elsewhere');
  const known = await app.inject({ url: '/', headers: { 'if-none-match': `W/${headers.etag}` } });
  t.equal(known.statusCode, 304);
  t.equal(known.body, '');
});

t.test('each view has an address of its own, for browsers alone', async (t) => {
  const { app } = await server();
  const paths = Object.values(VIEWS).map(({ path }) => path);
  t.same(paths, ['/', ...CONSOLE_VIEWS], 'page and server know the same');
  app.setErrorHandler((error: CitywatchError, _request, reply) => reply.code(404).send({ code: error.code }));
  for (const path of paths) {
    const { statusCode, headers, body } = await app.inject({ url: path, headers: VISIT });
    t.equal(statusCode, 200, path);
    t.match(headers['content-security-policy'], "default-src 'self'");
    t.notMatch(body, /(src|href)="\.\//, 'what it loads is found from every address');
    if (path === '/') continue;
    t.same((await app.inject(path)).json(), { code: 'not-found' }, `${path} is no address for programs`);
  }
});

t.test('every built file is served whole, packed for who can unpack, and kept by browsers', async (t) => {
  const { app, files } = await server();
  for (const [address, file] of files) {
    if (address.endsWith('.html')) continue;
    const plain = await app.inject(address);
    const packed = await app.inject({ url: address, headers: { 'accept-encoding': 'gzip, br' } });
    t.ok(plain.rawPayload.equals(file.body), address);
    if (packed.headers['content-encoding'] === 'gzip') t.ok(gunzipSync(packed.rawPayload).equals(file.body));
    t.match(plain.headers['cache-control'], address.startsWith('/assets/') ? 'immutable' : 'no-cache');
    t.match(plain.headers['content-security-policy'], "default-src 'self'");
  }
});

t.test('an address without a page gets a clear one in both languages', async (t) => {
  const { app } = await server();
  for (const url of ['/nope', '/a/b/c?next=//evil.example', '/%3Cscript%3Ealert(1)%3C/script%3E', '/not-found.html']) {
    const { statusCode, body, headers } = await app.inject({ url, headers: VISIT });
    t.equal(statusCode, 404, url);
    t.match(body, 'There is no page at this address.');
    t.match(body, '此地址没有页面。');
    t.notMatch(body, /evil|alert\(/);
    t.equal(headers['cache-control'], 'no-store');
  }
});

t.test('programs and the API keep their own answer', async (t) => {
  const { app } = await server();
  t.same((await app.inject('/nope')).json(), { code: 'not-found' });
  t.same((await app.inject({ url: '/api/v1/nope', headers: VISIT })).json(), { code: 'not-found' });
  t.same((await app.inject({ method: 'POST', url: '/nope', headers: VISIT })).json(), { code: 'not-found' });
  t.same((await app.inject({ url: '/api/v1/thing', headers: VISIT })).json(), {});
});

t.test('no path climbs out, none reaches what is not part of the page', async (t) => {
  const { app } = await server();
  const paths = ['/../package.json', '/..%2f..%2fpackage.json', '/assets/../../package.json', '/.made-of', '/%2e%2e/x'];
  for (const url of [...paths, '/assets/', '/assets', '/index.html%00.js', '/src/main.tsx', '//etc/passwd']) {
    t.equal((await app.inject({ url, headers: VISIT })).statusCode, 404, url);
  }
});

t.test('without a build the server says what to do', async (t) => {
  const error = await readPages(t.testdir({ 'index.html': '' })).catch((thrown) => thrown);
  t.ok(error instanceof CitywatchError);
  t.match(error.message, 'scripts/build-web.mjs');
});
