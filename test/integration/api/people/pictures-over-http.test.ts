import t from 'tap';
import type { ImagesPort } from '../../../../src/api/ports.ts';
import { composeImages } from '../../../../src/app/compose/ingest/images.ts';
import { AccessRegister } from '../../../../src/platform/records/access-register.ts';
import { bearer, DEVICE_SECRET, ELSEWHERE, KIOSK, startApi, TOKENS } from '../../../support/api/api.ts';
import { openDatabase } from '../../../support/devices/registry.ts';
import { tinyJpeg, tinyPicture } from '../../../support/ingest/images.ts';
import { firstOwner } from '../../../support/services/ownership.ts';
import { quietObserver, temporaryDirectory } from '../../../support/services/services.ts';
import { ManualClock } from '../../../support/time/clock.ts';

const SEND = `/api/v1/devices/${KIOSK}/images`;
const OWN = bearer(`${KIOSK}:${DEVICE_SECRET}`);
const NOBODY = '00000000-0000-4000-8000-000000000000';

const database = await openDatabase(t);
const clock = new ManualClock(Date.now());
const register = new AccessRegister({ database, clock, needsIncident: () => false });
const directory = await temporaryDirectory(t);
/** Where the kiosk stands by now; null: it is gone from the registry. */
let area: string | null = null;
const { port } = composeImages({
  database,
  ownership: firstOwner(),
  clock,
  observer: quietObserver(),
  directory,
  keepDays: 30,
  register,
  devices: { get: () => (area === null ? undefined : ({ identity: { jurisdiction: area } } as never)) },
});
/** To be overridden in part. */
const images: ImagesPort = {
  keep: (...given) => port.keep(...given),
  find: (...given) => port.find(...given),
  read: (image) => port.read(image),
  registerLook: (look) => port.registerLook(look),
};
const { app, call } = await startApi(t, { images: port, clock, accessRegister: register });

const send = (payload: Buffer, type = 'image/jpeg', headers = {}) =>
  call({ method: 'POST', url: SEND, headers: { ...OWN, 'content-type': type, ...headers }, payload });
const show = (id: string, { token = TOKENS.operator as string, query = '?purpose=search' } = {}) =>
  app.inject({ method: 'GET', url: `/api/v1/images/${id}${query}`, headers: bearer(token) });

t.test('a picture that was taken is shown byte for byte, after the look is registered', async (t) => {
  for (const [type, bytes] of [
    ['image/jpeg', tinyJpeg({ scanBytes: 100_000 })],
    ['image/png', tinyPicture()],
    ['Image/PNG; x=y', tinyPicture({ salt: 'header in another form' })],
  ] as const) {
    const answer = await send(bytes, type);
    t.equal(answer.status, 201, answer.text);
    const { id } = answer.body as { id: string };
    t.equal(answer.headers.location, `/api/v1/images/${id}`);
    t.equal(((await send(bytes, type)).body as { id: string }).id, id, 'sent again, it is the same one');
    const shown = await show(id, { query: '?purpose=search&case=A-7' });
    t.equal(shown.statusCode, 200);
    t.same(shown.rawPayload, bytes);
    t.match(shown.headers, {
      'content-type': type.toLowerCase().split(';')[0],
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, no-store',
      'content-security-policy': /default-src 'none'/,
    });
  }
  const listed = await call({
    method: 'GET',
    url: `/api/v1/access-register?device=${KIOSK}`,
    headers: bearer(TOKENS.admin),
  });
  const looks = (listed.body as { items: object[] }).items;
  t.equal(looks.length, 4, 'three looks, and this one');
  t.match(looks[1], { act: 'image', viewer: { id: 'operator' }, purpose: 'search', case: 'A-7' });
});

t.test('nobody sees a picture of elsewhere, none that is not there, and none without a reason', async (t) => {
  const { id } = (await send(tinyJpeg())).body as { id: string };
  const absent = await show(NOBODY);
  t.equal(absent.statusCode, 404);
  const strangers = await show(id, { token: TOKENS.foreign });
  t.equal(strangers.statusCode, 404);
  t.equal(strangers.body.length, absent.body.length, 'which tells no more');
  t.equal((await show(id, { query: '' })).statusCode, 400, 'a token without a purpose');
  t.equal((await show(id, { token: TOKENS.technician })).statusCode, 403);
  t.equal((await show(id, { token: TOKENS.technician, query: '?purpose=maintenance' })).statusCode, 200);
  t.equal((await show(id, { token: `${KIOSK}:${DEVICE_SECRET}` })).statusCode, 403, 'a device looks at nothing');
  area = ELSEWHERE;
  t.equal((await show(id)).statusCode, 404, 'the device has moved');
  t.equal((await show(id, { token: TOKENS.foreign })).statusCode, 200);
  area = null;
  for (const path of [
    '..',
    '%2e%2e',
    `..%2f${id}`,
    `${id}.jpg`,
    `${id}%00`,
    'a'.repeat(36),
    id.toUpperCase().slice(1),
  ]) {
    t.equal((await show(path)).statusCode, 404, path);
  }
});

t.test('without a register row there is no picture', async (t) => {
  const { id } = (await send(tinyJpeg())).body as { id: string };
  const broken = await startApi(t, {
    images: { ...images, registerLook: () => Promise.reject(new Error('the register cannot be written')) },
  });
  const answer = await broken.call({
    method: 'GET',
    url: `/api/v1/images/${id}?purpose=x`,
    headers: bearer(TOKENS.admin),
  });
  t.equal(answer.status, 500);
  t.notMatch(answer.text, 'JFIF');
  t.match(answer.headers['content-type'], 'problem+json');
});

t.test('what is no picture is refused, saying why', async (t) => {
  const html = Buffer.from('<html><script>alert(1)</script>');
  const cases: [string, Buffer, string, number, RegExp, object?][] = [
    ['a page that says it is a picture', html, 'image/jpeg', 400, /neither JPEG nor PNG/],
    ['a page behind a picture', Buffer.concat([tinyJpeg(), html]), 'image/jpeg', 400, /behind its end/],
    ['50,000 x 50,000', tinyJpeg({ width: 50_000, height: 50_000 }), 'image/jpeg', 400, /50000 x 50000/],
    ['another type than it says', tinyPicture(), 'image/jpeg', 400, /is image\/png, not what/],
    ['nothing', Buffer.alloc(0), 'image/jpeg', 400, /empty/],
    ['cut short', tinyPicture().subarray(0, 60), 'image/png', 400, /cut short/],
    ['too large', tinyJpeg({ scanBytes: 2 * 1024 * 1024 }), 'image/jpeg', 413, /too-large/],
    ['another type', Buffer.from('GIF89a'), 'image/gif', 415, /media-type/],
    ['a drawing that can act', html, 'image/svg+xml', 415, /media-type/],
    ['JSON', Buffer.from('{}'), 'application/json', 415, /media-type/],
    ['a form', Buffer.from('--x'), 'multipart/form-data; boundary=x', 415, /media-type/],
    ['packed', tinyJpeg(), 'image/jpeg', 415, /without Content-Encoding/, { 'content-encoding': 'gzip' }],
  ];
  for (const [name, bytes, type, status, text, headers] of cases) {
    const answer = await send(bytes, type, headers);
    t.equal(answer.status, status, name);
    t.match(answer.text, text, name);
  }
  const of = (id: string) => ({ method: 'POST' as const, url: `/api/v1/devices/${id}/images`, payload: tinyJpeg() });
  for (const id of ['kiosk-2', '..', '%2e%2e%2fkiosk-1', 'a'.repeat(65)]) {
    t.equal((await call({ ...of(id), headers: { ...OWN, 'content-type': 'image/jpeg' } })).status, 404, id);
  }
});

t.test('a flood of pictures is turned away before its bytes are read, telemetry goes on', async (t) => {
  await clock.advance(60_000);
  const statuses = [];
  let last: Awaited<ReturnType<typeof send>> | null = null;
  for (let sent = 0; sent < 310; sent += 1) {
    last = await send(Buffer.from('no picture at all'));
    statuses.push(last.status);
  }
  t.equal(statuses.filter((status) => status === 400).length, 300);
  t.equal(last?.status, 429);
  t.equal(last?.headers['retry-after'], '1');
  const telemetry = {
    method: 'POST' as const,
    url: `/api/v1/devices/${KIOSK}/telemetry`,
    payload: { values: { fill_pct: 1 } },
  };
  t.equal((await call({ ...telemetry, headers: OWN })).status, 202);
  await clock.advance(1_000);
  t.equal((await send(tinyJpeg())).status, 201, 'at its pace it goes on');
});

t.test('of one device few bodies are held at the same time', async (t) => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const keep = () => held.then(() => ({ id: NOBODY, isNew: true }));
  const slow = await startApi(t, { images: { ...images, keep } });
  const ask = () =>
    slow.call({ method: 'POST', url: SEND, headers: { ...OWN, 'content-type': 'image/jpeg' }, payload: tinyJpeg() });
  const running = Array.from({ length: 4 }, ask);
  const fifth = await ask();
  t.equal(fifth.status, 429);
  t.equal(fifth.headers['retry-after'], '1');
  release();
  for (const { status } of await Promise.all(running)) t.equal(status, 201);
  t.equal((await ask()).status, 201);
});
