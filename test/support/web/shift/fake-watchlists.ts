import type { FastifyInstance, FastifyRequest } from 'fastify';
import { DAY_MS } from '../../../../src/core/clock.ts';

/** A watchlist of a made-up gateway. */
export interface FakeList {
  id: string;
  state: string;
  version: number;
  entries: number;
  [field: string]: unknown;
}

export interface FakeWatchlists {
  lists: FakeList[];
  /** Hits, by their alert. */
  hits: { alert: string; state: string; steps: object[]; [field: string]: unknown }[];
  plates: { id: string; plate: string; colour: string | null; reason: string; validUntil: string | null }[];
  /** What was sent, as `POST /path` with its body. */
  done: { what: string; body: unknown }[];
}

const ago = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString();
const ORDER = {
  unit: '海曙分局',
  officer: '李伟',
  phone: '0574 1234567',
  category: 'stolen-vehicle',
  level: 2,
  handling: 'intercept',
};

export function listLike(id: string, fields: Partial<FakeList> = {}): FakeList {
  return {
    id,
    name: `系列盗窃 ${id}`,
    jurisdiction: '330203',
    reason: '系列盗窃车内财物',
    case: 'A-2026-7',
    createdBy: '王伟',
    createdAt: ago(3),
    state: 'active',
    inForce: true,
    emergency: false,
    entries: 2,
    from: null,
    until: ago(-30),
    approveBy: null,
    order: ORDER,
    named: null,
    requestedBy: '王伟',
    requestedAt: ago(3),
    approvedBy: '陈静',
    approvedAt: ago(2),
    byYou: false,
    asked: null,
    ended: null,
    version: 3,
    ...fields,
  };
}

export function someLists(): FakeWatchlists {
  const notYet = { approvedBy: null, approvedAt: null, inForce: false };
  const asked = { what: 'renewal', by: '王伟', at: ago(0.1), reason: '案件未破', until: ago(-60) };
  const lists = [
    listLike('l-draft', { ...notYet, state: 'draft', entries: 0, requestedBy: null, requestedAt: null, version: 1 }),
    listLike('l-mine', { ...notYet, state: 'requested', byYou: true, requestedBy: 'li.na' }),
    listLike('l-renew', { asked, name: '<img src=x onerror=alert(1)>' }),
    listLike('l-fast', { approvedBy: null, approvedAt: null, emergency: true, approveBy: ago(-0.5) }),
    listLike('l-hits'),
  ];
  const stands = { candidate: false, historical: false, covert: false, escalated: 0, severity: 'severe' };
  const where = { plate: '浙B***45', place: '天一广场卡口', jurisdiction: '330203', handling: 'new' };
  const hits = [{ alert: 'hit-1', state: 'raised', steps: [], raisedAt: ago(0.01), ...stands, ...where }];
  const plates = [
    { id: 'e-1', plate: '浙B***45', colour: 'blue', reason: '被盗', validUntil: null },
    { id: 'e-2', plate: '沪A***01', colour: null, reason: '接应车辆', validUntil: ago(-5) },
  ];
  return { lists, hits, plates, done: [] };
}

const DONE_BY: Record<string, string> = {
  sign: 'signed',
  confirm: 'confirmed',
  refute: 'refuted',
  order: 'ordered',
  report: 'reported',
};

export function watchlistRoutes(app: FastifyInstance, fake: { watchlists: FakeWatchlists }): void {
  const find = (request: FastifyRequest) =>
    fake.watchlists.lists.find(({ id }) => id === (request.params as { id: string }).id);
  const note = (request: FastifyRequest) =>
    fake.watchlists.done.push({ what: `${request.method} ${request.url.slice('/api/v1'.length)}`, body: request.body });
  app.addContentTypeParser('text/csv', { parseAs: 'string' }, async (_request: unknown, body: string) => body);
  app.get('/api/v1/watchlists', async () => ({ items: fake.watchlists.lists.filter(({ ended }) => ended === null) }));
  app.get('/api/v1/watchlists/:id', async (request, reply) => find(request) ?? reply.code(404).send({}));
  app.get('/api/v1/watchlists/:id/entries', async (request) => ({
    items: fake.watchlists.plates.slice(0, find(request)?.entries ?? 0),
  }));
  app.get('/api/v1/watchlists/:id/hits', async (request) => ({
    items: find(request)?.id === 'l-hits' ? fake.watchlists.hits : [],
  }));
  app.post('/api/v1/watchlists', async (request, reply) => {
    note(request);
    const made = { state: 'draft', entries: 0, approvedBy: null, requestedBy: null, requestedAt: null, inForce: false };
    fake.watchlists.lists.push(listLike('l-new', { ...(request.body as object), ...made, version: 1 }));
    return reply.code(201).send({ id: 'l-new', entries: 0 });
  });
  app.post('/api/v1/watchlists/:id/:step', async (request, reply) => {
    note(request);
    const list = find(request)!;
    const { step } = request.params as { step: string };
    if (step === 'entries') {
      list.entries = 2;
      return {
        lines: 2,
        added: 2,
        known: 0,
        refused: 1,
        faults: [{ line: 3, message: 'is no whole plate' }],
        entries: 2,
      };
    }
    if (step === 'approve' && list.byYou) {
      return reply.code(403).send({ code: 'auth.forbidden', detail: 'It takes a second person.' });
    }
    const after: Record<string, object> = {
      request: { state: 'requested', byYou: true, requestedBy: 'li.na', requestedAt: ago(0) },
      approve: { state: 'active', asked: null, approveBy: null, approvedBy: 'li.na', inForce: true },
      reject: { asked: null },
      revoke: { asked: { what: 'revocation', by: 'li.na', at: ago(0), reason: 'x', until: null }, byYou: true },
    };
    return Object.assign(list, after[step], { version: list.version + 1 });
  });
  app.delete('/api/v1/watchlists/:id', async (request, reply) => {
    note(request);
    Object.assign(find(request)!, { state: 'withdrawn', ended: { by: 'li.na', at: ago(0), reason: null } });
    return reply.code(204).send();
  });
  hitRoutes(app, fake.watchlists, note);
}

function hitRoutes(app: FastifyInstance, { hits }: FakeWatchlists, note: (request: FastifyRequest) => unknown): void {
  app.get('/api/v1/alerts/:id/hit', async (request) =>
    hits.find(({ alert }) => alert === (request.params as { id: string }).id),
  );
  app.post('/api/v1/alerts/:id/hit/:step', async (request) => {
    note(request);
    const { id, step } = request.params as { id: string; step: string };
    const hit = hits.find(({ alert }) => alert === id)!;
    const { text = null } = (request.body ?? {}) as { text?: string };
    const done = { step: DONE_BY[step], by: 'li.na', at: ago(0), afterS: 42, text };
    return Object.assign(hit, { state: DONE_BY[step], steps: [...hit.steps, done] });
  });
}
