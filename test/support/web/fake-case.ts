import type { FastifyInstance, FastifyRequest } from 'fastify';
import { MINUTE_MS } from '../../../src/core/clock.ts';
import { tinyPicture } from '../ingest/images.ts';
import { AT, LATER } from './admin/admin-data.ts';
import type { FakeAlert, LogEntry } from './fake-alert.ts';

/** What the made-up gateway knows, for what stands around one alert. */
export interface CaseState {
  alerts: Map<string, FakeAlert>;
  log: readonly LogEntry[];
  signedIn: string | null;
  publish(alert: FakeAlert, type: string, actor: string): FakeAlert;
}

/** The first entry of the access register that a look at evidence leaves. */
const REGISTER_FROM = 4_711;
/** Evidence of this id is of a camera that shows pictures for an incident only. */
export const OF_MINORS = 'minors';

const idOf = (request: FastifyRequest) => (request.params as { id: string }).id;

const PROCEDURE = [
  { en: 'Look at the picture', zh: '查看画面' },
  { en: '<b>Call</b> the fire brigade', zh: '拨打 119' },
];
const CONTACTS = [{ name: { en: 'Fire brigade', zh: '消防救援' }, phone: '119' }];

/** Routes that only the case asks for. */
export function caseRoutes(app: FastifyInstance, state: CaseState): void {
  versions(app, state);
  around(app, state);
  readings(app);
  deeds(app, state);
  evidence(app);
  bundles(app, state);
}

/** What is done to a version that is not the present one is refused. */
function versions(app: FastifyInstance, { alerts }: CaseState): void {
  app.addHook('preHandler', async (request, reply) => {
    const match = request.headers['if-match'];
    const alert = alerts.get((request.params as { id?: string }).id ?? '');
    if (match === undefined || !alert || match === `"${alert.version}"`) return;
    return reply.code(412).send({ code: 'precondition.stale' });
  });
}

function around(app: FastifyInstance, { alerts, log }: CaseState): void {
  app.get('/api/v1/alerts/:id/history', async (request) => {
    const own = log.filter(({ alert }) => alert.id === idOf(request));
    const items = own.map(({ cursor, type, at, actor, alert }) => {
      const last = (alert.comments as { text: string }[]).at(-1);
      const said = ['alert.commented', 'alert.closed', 'alert.reopened'].includes(type) ? (last?.text ?? null) : null;
      return { ...alert, id: `event-${cursor}`, at, actor, type, text: said };
    });
    return { items: items.reverse() };
  });
  app.get('/api/v1/alerts/:id/near', async (request) => {
    const others = [...alerts.values()].filter(({ id, handling }) => id !== idOf(request) && handling !== 'closed');
    return { items: others.map((alert, at) => ({ alert, distanceM: 120 * (at + 1) })) };
  });
  app.get('/api/v1/alerts/:id/rule', async () => {
    const any = [
      { field: 'smoke', equals: true },
      { field: 'temp_c', above: 70 },
    ];
    return {
      rule: 'kiosk-fire',
      version: 1,
      condition: { type: 'threshold', any, while: [], hold_s: 120 },
      procedure: PROCEDURE,
      contacts: CONTACTS,
    };
  });
  app.get('/api/v1/incidents', async () => ({ items: [{ id: 'i-1', title: '东门集市', version: 1 }] }));
  app.post('/api/v1/silences/preview', async ({ body }) => {
    const { repeats } = body as { repeats?: object };
    const again = repeats ? { windows: [{ from: AT, to: LATER }], lastWeek: 12 } : { windows: [], lastWeek: null };
    return { hides: 3, leaves: 1, alerts: [], ...again };
  });
}

function readings(app: FastifyInstance): void {
  app.get('/api/v1/devices/:id/history', async (request) => {
    const { from, to } = request.query as { from: string; to: string };
    const points = [];
    for (let atMs = Date.parse(from); atMs < Date.parse(to); atMs += MINUTE_MS) {
      points.push({
        at: new Date(atMs).toISOString(),
        values: { temp_c: 20 + 10 * Math.sin(atMs / (20 * MINUTE_MS)) },
      });
    }
    return { device: idOf(request), points, truncated: false, source: 'raw', every: '60s' };
  });
}

function deeds(app: FastifyInstance, state: CaseState): void {
  const post = (name: string, type: string, fields: (body: Record<string, string>) => object) =>
    app.post(`/api/v1/alerts/:id/${name}`, async (request, reply) => {
      const alert = state.alerts.get(idOf(request));
      if (!alert) return reply.code(404).send({ code: 'not-found' });
      const changed = { ...alert, ...fields((request.body ?? {}) as Record<string, string>) };
      return state.publish({ ...changed, version: alert.version + 1 } as FakeAlert, type, state.signedIn ?? '');
    });
  post('dispatch', 'alert.dispatched', ({ unit }) => ({ handling: 'dispatched', unit }));
  post('arrive', 'alert.on_scene', () => ({ handling: 'arrived' }));
  post('reopen', 'alert.reopened', () => ({ handling: 'acked', verdict: null, closedBy: null, closedAt: null }));
}

function evidence(app: FastifyInstance): void {
  let entries = REGISTER_FROM;
  app.get('/api/v1/alerts/:id/evidence/:evidence', async (request, reply) => {
    const [{ evidence: id }, query] = [request.params as { evidence: string }, request.query as { case?: string }];
    if (id === OF_MINORS && !query.case) return reply.code(403).send({ code: 'look.incident-missing' });
    reply.header('x-register-entry', entries);
    entries += 1;
    return reply.type('image/png').send(tinyPicture({ width: 64, height: 48, salt: id }));
  });
}

/** A bundle is made by the time that somebody looks at it. */
function bundles(app: FastifyInstance, state: CaseState): void {
  const made = new Map<string, object>();
  app.get('/api/v1/recording-exports', async () => ({ items: [...made.values()] }));
  app.get('/api/v1/recording-exports/:id', async (request) => {
    const id = idOf(request);
    return { ...made.get(id), state: 'ready', bytes: 2_345_678, url: `/api/v1/recording-exports/${id}/export.tar` };
  });
  app.post('/api/v1/recording-exports', async (request, reply) => {
    const id = `export-${made.size + 1}`;
    const asked = { id, alert: null, askedBy: { name: state.signedIn }, detail: null, bytes: 0, url: null };
    made.set(id, { ...asked, ...(request.body as object), state: 'copying' });
    return reply.code(202).send(made.get(id));
  });
  app.post('/api/v1/alerts/:id/bundle', async (request, reply) => {
    const id = `bundle-${made.size + 1}`;
    const asked = { id, alert: idOf(request), askedBy: { name: state.signedIn }, detail: null, bytes: 0, url: null };
    made.set(id, { ...asked, ...(request.body as object), state: 'copying' });
    return reply.code(202).send(made.get(id));
  });
}
