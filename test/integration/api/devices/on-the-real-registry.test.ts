import t from 'tap';
import { systemClock } from '../../../../src/core/clock.ts';
import { listAudit } from '../../../../src/platform/records/audit.ts';
import { Idempotency } from '../../../../src/platform/records/idempotency.ts';
import { bearer, startApi, type TestApi, type TestParts } from '../../../support/api/api.ts';
import { memoryAudit } from '../../../support/api/memory/reports.ts';
import { openRegistry } from '../../../support/devices/registry.ts';
import { decodeMessage } from '../../../support/ingest/decode.ts';

const BOOTSTRAP = 'bootstrap-token-of-at-least-32-characters';
const NINGBO = '330200';
const MIANYANG = '510700';
const DEVICES = '/api/v1/devices';
const KIOSK = {
  kind: 'recycling-kiosk',
  name: '江北 7 号',
  jurisdiction: '330205',
  location: { lat: 29.9, lon: 121.5 },
};
const SECRET = 'a-secret-the-maker-has-burnt-in';

/** The API on a real PostgreSQL with everything of devices/ and platform/. */
async function startReal(t: Parameters<typeof openRegistry>[0]) {
  const { database, behindApi: registry, search, doors, tokens, kinds, jurisdictions } = await openRegistry(t);
  await tokens.ensureBootstrap(BOOTSTRAP);
  const parts: TestParts = {
    registry,
    search,
    directory: doors,
    tokens,
    kinds,
    jurisdictions,
    audit: { ...memoryAudit(), list: (caller, filter) => listAudit(database, caller, filter) },
    idempotency: new Idempotency({ database, clock: systemClock }),
    preview: (message) => {
      const kind = kinds.at(message.device.kind, message.device.kindVersion);
      return decodeMessage({ ...message, lane: 'live', incarnation: '', offset: 0, endOffset: 0 }, kind);
    },
  };
  const api = await startApi(t, parts);
  const makeToken = async (jurisdiction: string, role = 'admin') => {
    const payload = { name: `${role} of ${jurisdiction}`, role, jurisdiction };
    const { body } = await api.call({ method: 'POST', url: '/api/v1/tokens', headers: bearer(BOOTSTRAP), payload });
    return body as { id: string; token: string };
  };
  return { ...api, makeToken };
}

async function create(api: TestApi, token: string, payload: object, headers = {}) {
  return api.call({ method: 'POST', url: DEVICES, headers: { ...bearer(token), ...headers }, payload });
}

const api = await startReal(t);

t.test('where a camera is reached is told to who may edit it, without its login, and to nobody else', async (t) => {
  const admin = (await api.makeToken(NINGBO)).token;
  const onvif = { xaddr: 'http://10.1.2.3/onvif/device_service', username: 'root', password: 'hunter22' };
  const stream = { url: 'rtsp://root:hunter22@10.1.2.3/main' };
  const place = { kind: 'camera', name: 'Gate', jurisdiction: '330205', location: KIOSK.location };
  t.equal((await create(api, admin, { ...place, id: 'cam-shown', onvif, stream })).status, 201);
  const shown = {
    stream: { url: 'rtsp://10.1.2.3/main', subUrl: null, login: '***' },
    onvif: { xaddr: 'http://10.1.2.3/onvif/device_service', login: '***' },
  };
  for (const role of ['admin', 'technician', 'operator', 'viewer']) {
    const { token } = await api.makeToken(NINGBO, role);
    const { body, text } = await api.call({ method: 'GET', url: `${DEVICES}/cam-shown`, headers: bearer(token) });
    t.notMatch(text, /hunter22|root/, role);
    const { stream, onvif } = body as Partial<typeof shown>;
    t.same({ stream, onvif }, ['admin', 'technician'].includes(role) ? shown : {}, role);
  }
  const headers = { ...bearer(admin), 'if-match': '"1"' };
  const back = await api.call({ method: 'PATCH', url: `${DEVICES}/cam-shown`, headers, payload: shown });
  t.equal(back.status, 400, 'what is shown cannot be sent back as if it were a login');
});

t.test(
  'a point is registered with its file, found by its GB/T 28181 id, and its file is changed key by key',
  async (t) => {
    const { token } = await api.makeToken(NINGBO, 'technician');
    const gbId = '34020000001320000001';
    const file = { gbId, tier: 'social', placeType: 'market', pole: '007', warrantyEnd: '2027-03-31', tags: ['1e5'] };
    const made = await create(api, token, { ...KIOSK, id: 'kiosk-file', file, accessClass: 'key-site' });
    t.equal(made.status, 201, made.text);
    t.same((made.body as { file: object }).file, file);
    const found = await api.call({ method: 'GET', url: `${DEVICES}?gbId=${gbId}`, headers: bearer(token) });
    t.match(found.body, { items: [{ id: 'kiosk-file', file, accessClass: 'key-site' }] });
    const headers = { ...bearer(token), 'if-match': '"1"' };
    const payload = { file: { pole: null, owner: '城管' } };
    const changed = await api.call({ method: 'PATCH', url: `${DEVICES}/kiosk-file`, headers, payload });
    const { pole: _pole, ...rest } = file;
    t.same((changed.body as { file: object }).file, { ...rest, owner: '城管' });
    const toilet = await create(api, token, { ...KIOSK, file: { placeType: 'toilet' } });
    t.match(toilet, { status: 400, body: { issues: [{ path: 'file.placeType', message: /Decree 799/ }] } });
    const again = await create(api, token, { ...KIOSK, file: { gbId } });
    t.match(again, { status: 409, body: { code: 'conflict.exists', issues: [{ path: 'file.gbId' }] } });
  },
);

t.test('two cities on one gateway', async (t) => {
  const ningbo = (await api.makeToken(NINGBO)).token;
  const mianyang = (await api.makeToken(MIANYANG)).token;
  const made = await create(api, ningbo, { ...KIOSK, id: 'kiosk-7', secret: SECRET });
  t.equal(made.status, 201, made.text);
  t.match(made.body, { id: 'kiosk-7', name: '江北 7 号', version: 1, secret: SECRET });

  await t.test('nothing of one is seen in the other', async (t) => {
    const headers = { ...bearer(mianyang), 'if-match': '"1"' };
    const range = 'from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z';
    const asked = ['', '/latest', `/history?fields=fill_pct&${range}`, `/events?${range}`];
    const absent = await api.call({ method: 'GET', url: `${DEVICES}/kiosk-x`, headers });
    for (const path of asked) {
      const foreign = await api.call({ method: 'GET', url: `${DEVICES}/kiosk-7${path}`, headers });
      t.equal(foreign.status, 404, path);
      t.equal(foreign.text.length, absent.text.length, 'the answer tells no more than for an absent one');
    }
    const changes = [
      await api.call({ method: 'PATCH', url: `${DEVICES}/kiosk-7`, headers, payload: { name: 'mine' } }),
      await api.call({ method: 'DELETE', url: `${DEVICES}/kiosk-7`, headers }),
      await api.call({ method: 'POST', url: `${DEVICES}/kiosk-7/credentials/rotate`, headers }),
    ];
    for (const { status } of changes) t.equal(status, 404);
    const list = await api.call({ method: 'GET', url: `${DEVICES}?jurisdiction=330200`, headers: bearer(mianyang) });
    t.same(list.body, { items: [] });
    const audit = await api.call({ method: 'GET', url: '/api/v1/audit', headers: bearer(mianyang) });
    t.notMatch(audit.text, /kiosk-7|江北/);
    const areas = await api.call({ method: 'GET', url: '/api/v1/jurisdictions', headers: bearer(mianyang) });
    t.notMatch(areas.text, /"code":"33/);
    t.match(areas.text, /"code":"510700"/);
  });

  await t.test('beyond the own border nothing can be made or given', async (t) => {
    const device = await create(api, mianyang, KIOSK);
    t.equal(device.status, 400);
    t.match(device.body, { issues: [{ path: 'jurisdiction' }] });
    const payload = { name: 'x', role: 'admin', jurisdiction: NINGBO };
    const token = await api.call({ method: 'POST', url: '/api/v1/tokens', headers: bearer(mianyang), payload });
    t.equal(token.status, 400);
  });

  await t.test('the audit trail tells who did what, and no secret', async (t) => {
    const { body, text } = await api.call({ method: 'GET', url: '/api/v1/audit?limit=1', headers: bearer(ningbo) });
    const page = body as { items: unknown[]; next: string };
    t.match(page.items, [{ action: 'device.create', subject: 'device/kiosk-7', caller: { type: 'token' } }]);
    const rest = await api.call({
      method: 'GET',
      url: `/api/v1/audit?limit=1&cursor=${page.next}`,
      headers: bearer(ningbo),
    });
    t.match(rest.body, { items: [{ action: 'token.create' }] });
    t.notMatch(text + rest.text, SECRET);
  });
});

t.test('of two changes that read the same version one wins', async (t) => {
  await create(api, BOOTSTRAP, { ...KIOSK, id: 'kiosk-8' });
  const headers = { ...bearer(BOOTSTRAP), 'if-match': '"1"' };
  const change = (name: string) => api.call({ method: 'PATCH', url: `${DEVICES}/kiosk-8`, headers, payload: { name } });
  const answers = await Promise.all(['a', 'b', 'c', 'd'].map(change));
  t.same(answers.map(({ status }) => status).sort(), [200, 412, 412, 412]);
  const winner = answers.find(({ status }) => status === 200);
  t.equal(winner?.headers.etag, '"2"');
  const now = await api.call({ method: 'GET', url: `${DEVICES}/kiosk-8`, headers: bearer(BOOTSTRAP) });
  const { department: _, ...read } = now.body as { department: unknown };
  t.same(read, winner?.body);
});

t.test('the same POST ten times at once makes one device', async (t) => {
  const kiosk = { ...KIOSK, name: 'made once' };
  const key = { 'idempotency-key': 'import-row-1' };
  const answers = await Promise.all(Array.from({ length: 10 }, () => create(api, BOOTSTRAP, kiosk, key)));
  const statuses = answers.map(({ status }) => status);
  t.ok(
    statuses.every((status) => status === 201 || status === 409),
    statuses.join(' '),
  );
  const again = await create(api, BOOTSTRAP, kiosk, key);
  t.equal(again.status, 201);
  t.match(again.body, { secretWithheld: true });
  const list = await api.call({ method: 'GET', url: `${DEVICES}?text=made+once`, headers: bearer(BOOTSTRAP) });
  t.equal((list.body as { items: unknown[] }).items.length, 1);
});

t.test('a device sends with its secret until that is replaced', async (t) => {
  await create(api, BOOTSTRAP, { ...KIOSK, id: 'kiosk-9', secret: SECRET });
  const url = `${DEVICES}/kiosk-9/telemetry`;
  const send = (secret: string, payload: object) =>
    api.call({ method: 'POST', url, headers: bearer(`kiosk-9:${secret}`), payload });
  const sent = await send(SECRET, [{ id: 'a', values: { fill_pct: 82.5 } }, { values: { fill_pct: 900 } }]);
  t.equal(sent.status, 202, sent.text);
  t.match(sent.body, {
    records: [
      { index: 0, accepted: true, id: 'a' },
      { index: 1, accepted: false, reason: 'out-of-range', path: 'values.fill_pct' },
    ],
  });
  const rotate = `${DEVICES}/kiosk-9/credentials/rotate`;
  const { body } = await api.call({ method: 'POST', url: rotate, headers: bearer(BOOTSTRAP) });
  t.equal((await send(SECRET, { values: { fill_pct: 1 } })).status, 401);
  t.equal((await send((body as { secret: string }).secret, { values: { fill_pct: 1 } })).status, 202);
  const retire = { ...bearer(BOOTSTRAP), 'if-match': '"2"' };
  t.equal((await api.call({ method: 'DELETE', url: `${DEVICES}/kiosk-9`, headers: retire })).status, 204);
  t.equal((await send((body as { secret: string }).secret, { values: { fill_pct: 1 } })).status, 401);
});

t.test('a revoked token is worth nothing at once', async (t) => {
  const { id, token } = await api.makeToken(NINGBO, 'viewer');
  const read = () => api.call({ method: 'GET', url: DEVICES, headers: bearer(token) });
  t.equal((await read()).status, 200);
  const headers = { ...bearer(BOOTSTRAP), 'if-match': '"1"' };
  t.equal((await api.call({ method: 'DELETE', url: `/api/v1/tokens/${id}`, headers })).status, 204);
  t.equal((await read()).status, 401);
  const list = await api.call({ method: 'GET', url: '/api/v1/tokens', headers: bearer(BOOTSTRAP) });
  t.notMatch(list.text, token);
  t.match(list.text, id);
});

t.test('hostile text is kept as it is and finds nothing it should not', async (t) => {
  const names = ["'; drop table position; --", '100%_\\', '<img src=x onerror=alert(1)>', '=HYPERLINK("x")'];
  for (const name of names) {
    const made = await create(api, BOOTSTRAP, { ...KIOSK, name });
    t.match(made.body, { name });
  }
  for (const name of names) {
    const url = `${DEVICES}?text=${encodeURIComponent(name)}`;
    const { body } = await api.call({ method: 'GET', url, headers: bearer(BOOTSTRAP) });
    t.same(
      (body as { items: { name: string }[] }).items.map((item) => item.name),
      [name],
    );
  }
  for (const name of ['a\u0000b', 'a\nb', '\ud800', ' ']) {
    t.equal((await create(api, BOOTSTRAP, { ...KIOSK, name })).status, 400, JSON.stringify(name));
  }
});
