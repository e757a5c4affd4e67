import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  AREA,
  AT,
  AUDIT,
  BROKEN,
  COUNTS,
  DEAD,
  DISK,
  GROUP,
  HOSTILE,
  LATER,
  LETTER,
  LOOK,
  RECORDED,
  RECORDED_DAYS,
  SCREEN,
  SILENCE,
  SOURCE,
  STORY,
  SUBSCRIPTION,
  TRIED,
} from './admin-data.ts';

/** What is administered at the made-up gateway. */
export interface FakeAdmin {
  users: Record<string, unknown>[];
  tokens: Record<string, unknown>[];
  versions: Record<string, unknown>[];
  /** Whether dead letters wait. */
  letters: number;
  /** Recorded files that rules are tried on. */
  recordings: object[];
  /** The next change is refused with this problem, once. */
  refuseWith: { status: number; body: object } | null;
  /** What the check of the registers found; null while none was made. */
  verification: object | null;
  /** What was sent, as `POST /path` with its body. */
  done: { what: string; body: unknown }[];
}

export function someAdmin(): FakeAdmin {
  const person = { ...AREA, disabledAt: null, mustChange: false, needsCode: false, secondFactor: true, createdAt: AT };
  const token = { ...AREA, role: 'viewer', purpose: null, createdBy: 'u-1', createdAt: AT, version: 1 };
  return {
    users: [
      { ...person, id: 'u-1', username: 'li.na', name: '李娜', role: 'operator', version: 3 },
      { ...person, id: 'u-2', username: 'bad', name: HOSTILE, role: 'viewer', needsCode: true, version: 1 },
      { ...person, id: 'u-3', username: 'old', name: '老王', role: 'technician', disabledAt: AT, version: 9 },
    ],
    tokens: [{ ...token, id: 't-1', name: 'command centre', expiresAt: LATER, revokedAt: null }],
    versions: [
      { ...VERSION, id: 'v-2', version: 3, state: 'asked', decided: null },
      { ...VERSION, id: 'v-1', version: 2, yaml: `${TEXT}hold_s: 1\n`, state: 'in-force' },
    ],
    letters: 250,
    recordings: [],
    refuseWith: null,
    verification: null,
    done: [],
  };
}

const TEXT = 'rule: kiosk-fire\nversion: 1\nseverity: extreme\ncondition:\n  type: threshold\n';
const ACTOR = { id: 'u-1', name: '李娜', at: AT };
const VERSION = {
  rule: 'kiosk-fire',
  yaml: TEXT.replace('version: 1', 'version: 3'),
  reason: 'too many',
  asked: ACTOR,
  decided: { ...ACTOR, why: null },
};

/** Routes of the administration. */
export function adminRoutes(app: FastifyInstance, admin: FakeAdmin): void {
  readRoutes(app, admin);
  for (const path of CHANGES) {
    const [method = '', url = ''] = path.split(' ');
    app.route({ method, url: `/api/v1${url}`, handler: (request, reply) => change(admin, request, reply) });
  }
  app.post('/api/v1/dead-letters/replay', (request) => {
    note(admin, request);
    const { limit = 100 } = request.body as { limit?: number };
    const count = Math.min(limit, admin.letters);
    admin.letters -= count;
    const replayed = Array.from({ length: count }, (_, n) => `l-${n}`);
    return { replayed, skipped: [], ...(admin.letters > 0 && { next: 'more' }) };
  });
  app.post('/api/v1/rules/dry-runs', (request, reply) => {
    note(admin, request);
    return reply.code(202).send({ ...TRIED, state: 'running', progress: 0.5, answer: null });
  });
  app.get('/api/v1/rules/dry-runs/:id', () => TRIED);
  fileRoutes(app, admin);
}

function fileRoutes(app: FastifyInstance, admin: FakeAdmin): void {
  app.addContentTypeParser('application/x-ndjson', { parseAs: 'string' }, async (_: unknown, body: string) => body);
  app.post('/api/v1/rules/recordings', (request, reply) => {
    note(admin, request);
    admin.recordings = [RECORDED];
    return reply.code(201).send(RECORDED);
  });
  app.get('/api/v1/reports/recording', ({ query }) => {
    const { below } = query as { below?: string };
    return { ...RECORDED_DAYS, items: below === undefined ? RECORDED_DAYS.items : [] };
  });
}

const CHANGES = [
  'POST /subscriptions',
  'POST /event-sources',
  'DELETE /event-sources/:id',
  'POST /silences',
  'POST /users',
  'PATCH /users/:id',
  'DELETE /users/:id',
  'POST /users/codes',
  'POST /tokens',
  'DELETE /tokens/:id',
  'POST /displays',
  'DELETE /displays/:id',
  'POST /subscriptions/:id/test',
  'POST /subscriptions/:id/dead-letters',
  'POST /rules',
  'POST /rules/versions/:id/approve',
  'POST /duty/shifts',
  'POST /kinds/dry-run',
  'POST /recordings/disks',
  'POST /recordings/disks/:name/check',
];

function note({ done }: FakeAdmin, { method, url, body }: FastifyRequest): void {
  done.push({ what: `${method} ${url.replace('/api/v1', '')}`, body });
}

function change(admin: FakeAdmin, request: FastifyRequest, reply: FastifyReply): unknown {
  const { refuseWith } = admin;
  admin.refuseWith = null;
  if (refuseWith) return reply.code(refuseWith.status).send(refuseWith.body);
  note(admin, request);
  const [, , , part] = request.url.split('/');
  const body = request.body as Record<string, unknown>;
  if (request.method === 'DELETE') {
    const gone = admin.users.find(({ id }) => request.url.endsWith(`/users/${id}`));
    if (gone) gone.disabledAt = AT;
    return reply.code(204).send();
  }
  if (part === 'displays') return reply.code(201).send({ id: 'd-2', token: 'cwd_once', until: LATER });
  if (part === 'event-sources') return reply.code(201).send({ ...SOURCE, ...body, routingKey: 'R0UT1NGKEY' });
  if (part === 'tokens') return reply.code(201).send({ id: 't-2', token: 'cwt_shown-once' });
  if (request.url.endsWith('/codes'))
    return reply.code(201).send({ ...admin.users[0], code: 'ABCD-1234', until: LATER });
  if (part === 'users' && request.method === 'POST') admin.users.push({ ...admin.users[0], ...body, id: 'u-9' });
  if (request.url.endsWith('/test')) return { outcome: 'failed', status: 500, reason: 'The receiver has a fault.' };
  if (request.url.endsWith('/dead-letters')) return { count: 3 };
  if (request.url.endsWith('/approve')) Object.assign(admin.versions[0] ?? {}, { state: 'in-force', decided: ACTOR });
  return reply.code(201).send({ ...VERSION, id: 'v-3', state: 'asked' });
}

const PAGE_ROWS = 40;

function pageOf(items: readonly object[], { cursor = '0' }: { cursor?: string }) {
  const to = Number(cursor) + PAGE_ROWS;
  return { items: items.slice(Number(cursor), to), ...(to < items.length && { next: String(to) }) };
}

function readRoutes(app: FastifyInstance, admin: FakeAdmin): void {
  const lists: Record<string, () => readonly object[]> = {
    users: () => admin.users,
    tokens: () => admin.tokens,
    displays: () => [SCREEN],
    subscriptions: () => [SUBSCRIPTION],
    'event-sources': () => [SOURCE],
    'subscriptions/:id/dead-letters': () => [DEAD, { ...DEAD, id: 'w-2' }],
    'rules/versions': () => admin.versions,
    silences: () => [SILENCE],
    'dead-letters/groups': () => (admin.letters > 0 ? [{ ...GROUP, count: admin.letters, example: LETTER }] : []),
    'dead-letters': () => (admin.letters > 0 ? [LETTER] : []),
    audit: () => [AUDIT],
    'audit/keys': () => [{ id: 'k-1', pem: '-----BEGIN PUBLIC KEY-----' }],
    'access-register': () => [LOOK],
    'recordings/disks': () => [{ ...DISK, files: 1_234 }],
    messages: () => [STORY],
    'rules/recordings': () => admin.recordings,
  };
  for (const [path, items] of Object.entries(lists)) {
    app.get(`/api/v1/${path}`, ({ query }) => pageOf(items(), query as { cursor?: string }));
  }
  app.get('/api/v1/audit/verification', (_request, reply) => {
    return admin.verification ?? reply.code(404).send({ code: 'not-found' });
  });
  app.post('/api/v1/audit/verification', (_request, reply) => {
    admin.verification = { ...BROKEN, state: 'running', holds: null, registers: [] };
    return reply.code(202).send(admin.verification);
  });
  app.get('/api/v1/rules/text', () => ({ rule: 'kiosk-fire', version: 1, yaml: TEXT }));
  const records = { ...COUNTS, stored: 98, duplicate: 1 };
  const row = { kind: 'recycling-kiosk', ...AREA, messages: { ...COUNTS, decoded: 99 }, records, difference: 0 };
  const epoch = { id: '3f9a0c1d', since: AT, countedBy: 'journal' };
  app.get('/api/v1/ledger', () => ({ asOf: ['live 1234'], balanced: true, epoch, epochs: [epoch], rows: [row] }));
  const part = { ok: true, needed: true };
  const parts = { postgres: part, redis: { ok: false, needed: false, reason: 'It does not answer.' } };
  const readers = [{ name: 'rules', lane: 'live', position: 12, behind: 0 }];
  app.get('/readyz', () => ({ ready: true, parts, readers }));
}
