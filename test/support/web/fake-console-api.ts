import type { ServerResponse } from 'node:http';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import root from 'tap';
import { RIGHTS_OF } from '../../../src/access/rights.ts';
import { serveConsole } from '../../../src/api/server/console.ts';
import { startLoop, type VideoLoop } from '../streams/video-loop.ts';
import { builtConsole } from './built-console.ts';
import { alertLike, type FakeAlert, type LogEntry } from './fake-alert.ts';
import { type FakeQuery, GRAVITY, pageOfAlerts } from './fake-alert-list.ts';
import { caseRoutes } from './fake-case.ts';
import { DEVICES, DISTRICTS, KINDS, RULES } from './fake-city.ts';

export interface FakeConsoleApi {
  url: string;
  /** Raises an alert, as the alert desk would. */
  raise(fields?: Partial<FakeAlert>): FakeAlert;
  /** Changes an alert and tells everybody; with `quietly`, as if the news were still on their way. */
  change(id: string, fields: Partial<FakeAlert>, options?: { type?: string; quietly?: boolean }): FakeAlert;
  /** Cuts every stream of alerts; pages come back by themselves. */
  cut(): void;
  /** Stops sending, heartbeats too, without closing anything. */
  fallSilent(): void;
  /** While true, nobody reaches the gateway: connections end without an answer. */
  unplugged: boolean;
  /** Names of the cameras that are listed. */
  cameras: { id: string; name: string; accessClass?: string }[];
  /** What was asked for, as `GET /path`. */
  requests: string[];
  counts: { devices: object[]; messagesPerSecond: number };
}

interface Test {
  teardown(run: () => unknown): void;
}

interface State {
  alerts: Map<string, FakeAlert>;
  log: LogEntry[];
  /** Each with the desk whose alerts it is sent. */
  listeners: Map<ServerResponse, string>;
  silent: boolean;
  signedIn: string | null;
}

/** The clip of a file, which begins with the first of its tests: it takes seconds until there is something to play. */
let clip: Promise<VideoLoop> | null = null;

const USERS = Object.fromEntries(['li.na', 'viewer', 'technician', 'auditor'].map((name) => [name, 'correct horse']));
const HEARTBEAT_MS = 500;

/**
 * The part of the API that the console uses, small enough to make happen on demand what a real gateway does only now
 * and then. It stands in for the gateway in tests of the page alone; that the gateway speaks like this is shown
 * elsewhere, by the tests of the API and by the acceptance tests. The server of the built page in it is the real one.
 */
export async function startFakeApi(
  t: Test,
  { video = false, h265 = [] }: { video?: boolean; h265?: readonly string[] } = {},
): Promise<FakeConsoleApi> {
  const state: State = { alerts: new Map(), log: [], listeners: new Map(), silent: false, signedIn: null };
  const app = Fastify({ logger: false, forceCloseConnections: true });
  if (video) clip ??= startLoop(root);
  const loop = video ? await clip : null;
  const fake: FakeConsoleApi = {
    url: '',
    raise: (fields = {}) => publish(state, { ...alertLike(), ...fields } as FakeAlert, 'alert.opened'),
    change: (id, fields, { type = 'alert.updated', quietly = false } = {}) => {
      const before = state.alerts.get(id);
      if (!before) throw new Error(`no alert ${id}`);
      return publish(state, { ...before, ...fields, version: before.version + 1 } as FakeAlert, quietly ? null : type);
    },
    cut: () => {
      for (const listener of state.listeners.keys()) listener.destroy();
    },
    fallSilent: () => {
      state.silent = true;
    },
    unplugged: false,
    cameras: ['天一广场东口', 'Gulou tower', '月湖北门', 'Laowaitan quay'].map((name, at) => ({
      id: `cam-${at}`,
      name,
    })),
    requests: [],
    counts: { devices: DEVICES, messagesPerSecond: 12.5 },
  };
  app.addHook('onRequest', async ({ method, url, raw }, reply) => {
    fake.requests.push(`${method} ${url}`);
    if (!fake.unplugged) return;
    reply.hijack();
    raw.socket.destroy();
  });
  sessionRoutes(app, state);
  const say = (alert: FakeAlert, type: string, actor: string) => publish(state, alert, type, actor);
  caseRoutes(app, Object.assign(state, { publish: say }), fake.cameras);
  readRoutes(app, state, fake);
  actionRoutes(app, state);
  streamRoute(app, state);
  videoRoute(app, loop, h265);
  serveConsole(app, await builtConsole());
  const beat = setInterval(() => {
    if (!state.silent) for (const listener of state.listeners.keys()) listener.write(': still here\n\n');
  }, HEARTBEAT_MS);
  fake.url = await app.listen({ host: '127.0.0.1', port: 0 });
  t.teardown(() => {
    clearInterval(beat);
    fake.cut();
    return app.close();
  });
  return fake;
}

function publish(state: State, alert: FakeAlert, type: string | null, actor = 'citywatch'): FakeAlert {
  state.alerts.set(alert.id, alert);
  if (type !== null) {
    const entry = { cursor: state.log.length + 1, type, at: new Date().toISOString(), actor, alert };
    state.log.push(entry);
    const readers = [...state.listeners].filter(([, desk]) => isOf(desk, alert));
    if (!state.silent) for (const [listener] of readers) listener.write(print(entry));
  }
  return alert;
}

function print({ cursor, type, at, actor, alert }: LogEntry): string {
  const data = { id: `event-${cursor}`, type, at, actor, alert };
  return `id: c${cursor}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}

function sessionRoutes(app: FastifyInstance, state: State): void {
  app.post('/api/v1/session', async (request, reply) => {
    const { username = '', password } = request.body as { username?: string; password?: string };
    if (USERS[username] !== password) return reply.code(401).send({ code: 'auth.required' });
    state.signedIn = username;
    return reply.code(204).header('set-cookie', 'session=1; HttpOnly; SameSite=Strict; Path=/').send();
  });
  app.addHook('preHandler', async (request, reply) => {
    const { url, method, headers } = request;
    if (!url.startsWith('/api/') || (url === '/api/v1/session' && method === 'POST')) return;
    if (!headers.cookie?.includes('session=1')) return reply.code(401).send({ code: 'auth.required' });
    if (method !== 'GET' && headers['x-citywatch'] !== 'console')
      return reply.code(403).send({ code: 'auth.forbidden' });
  });
  app.get('/api/v1/session', async () => ({
    name: state.signedIn,
    username: state.signedIn,
    role: roleOf(state),
    jurisdiction: '330203',
    rights: [...RIGHTS_OF[roleOf(state)]],
  }));
  app.delete('/api/v1/session', async (_request, reply) => {
    return reply.code(204).header('set-cookie', 'session=; Max-Age=0; Path=/').send();
  });
}

function readRoutes(app: FastifyInstance, state: State, fake: FakeConsoleApi): void {
  app.get('/api/v1/overview', async () => {
    const of = (which: string) => {
      const open = [...state.alerts.values()].filter(({ handling, desk }) => handling !== 'closed' && desk === which);
      return Object.fromEntries(GRAVITY.map((one) => [one, open.filter(({ severity }) => severity === one).length]));
    };
    return { ...fake.counts, alerts: of('police'), faults: of('maintenance') };
  });
  app.get('/api/v1/kinds', async () => ({ items: KINDS }));
  app.get('/api/v1/rules', async () => ({ items: RULES }));
  app.get('/api/v1/jurisdictions', async () => ({ items: DISTRICTS }));
  app.get('/api/v1/devices', async () => ({ items: fake.cameras }));
  app.get('/api/v1/alerts', async (request) => {
    const query = request.query as FakeQuery;
    return pageOfAlerts(state.alerts.values(), { ...query, desk: deskOf(state, query.desk), me: state.signedIn ?? '' });
  });
  app.get('/api/v1/alerts/:id', async (request, reply) => {
    return state.alerts.get(idOf(request)) ?? reply.code(404).send({ code: 'not-found' });
  });
}

function roleOf({ signedIn }: State): keyof typeof RIGHTS_OF {
  return signedIn === 'li.na' || signedIn === null ? 'operator' : (signedIn as keyof typeof RIGHTS_OF);
}

/** Technicians have only the maintenance desk. */
function deskOf({ signedIn }: State, asked = 'police'): string {
  return signedIn === 'technician' ? 'maintenance' : asked;
}

function isOf(desk: string, alert: FakeAlert): boolean {
  return desk === 'all' || alert.desk === desk;
}

function idOf(request: FastifyRequest): string {
  return (request.params as { id: string }).id;
}

function actionRoutes(app: FastifyInstance, state: State): void {
  const change = (request: FastifyRequest, type: string, fields: (alert: FakeAlert) => Partial<FakeAlert> | null) => {
    const alert = state.alerts.get(idOf(request));
    const changes = alert && fields(alert);
    const next = { ...alert, ...changes, version: (alert?.version ?? 0) + 1 } as FakeAlert;
    return changes ? publish(state, next, type, state.signedIn ?? '') : null;
  };
  const at = () => new Date().toISOString();
  app.post('/api/v1/alerts/:id/ack', async (request, reply) => {
    const acked = change(request, 'alert.acked', (alert) => {
      return alert.handling === 'new' ? { handling: 'acked', ackedBy: state.signedIn, ackedAt: at() } : null;
    });
    return acked ?? reply.code(409).send({ code: 'conflict.state', detail: 'Already acknowledged.' });
  });
  app.post('/api/v1/alerts/:id/assign', async (request, reply) => {
    const { to } = request.body as { to: string };
    const assigned = { handling: 'assigned', assignedTo: to };
    return change(request, 'alert.assigned', () => assigned) ?? reply.code(404).send({});
  });
  app.post('/api/v1/alerts/:id/close', async (request, reply) => {
    const { verdict, text } = request.body as { verdict: string; text?: string };
    const closed = { handling: 'closed', verdict, closedBy: state.signedIn, closedAt: at() };
    const said = text === undefined ? [] : [{ by: state.signedIn, at: at(), text }];
    const fields = (alert: FakeAlert) => ({ ...closed, comments: [...(alert.comments as object[]), ...said] });
    return change(request, 'alert.closed', fields) ?? reply.code(404).send({});
  });
  app.post('/api/v1/alerts/:id/comment', async (request, reply) => {
    const { text } = request.body as { text: string };
    const said = { by: state.signedIn, at: at(), text };
    const commented = (alert: FakeAlert) => ({ comments: [...(alert.comments as object[]), said] });
    return change(request, 'alert.commented', commented) ?? reply.code(404).send({});
  });
}

function streamRoute(app: FastifyInstance, state: State): void {
  app.get('/api/v1/alerts/stream', (request, reply) => {
    const last = Number(String(request.headers['last-event-id'] ?? '').slice(1) || state.log.length);
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' });
    raw.write(`retry: 1000\nid: c${last}\nevent: hello\ndata: {}\n\n`);
    const asked = request.query as { desk?: string };
    const desk = deskOf(state, asked.desk);
    for (const entry of state.log.slice(last)) if (isOf(desk, entry.alert)) raw.write(print(entry));
    state.listeners.set(raw, desk);
    raw.on('close', () => state.listeners.delete(raw));
  });
}

/** Codecs of the clip, and of a camera that no Chromium of Debian shows. */
const CODECS = { h264: 'avc1.4d401f', h265: 'hvc1.1.6.L93.90' };

/** `h265`: the streams that are in that codec, as `cam-0 main`. */
function videoRoute(app: FastifyInstance, loop: VideoLoop | null, h265: readonly string[]): void {
  app.get('/api/v1/streams/:id/:part', async (request, reply) => {
    const { id, part } = request.params as { id: string; part: string };
    const { quality = '' } = request.query as { quality?: string };
    reply.header('cache-control', 'no-store');
    if (!loop) return reply.code(502).send({ code: 'stream.unavailable' });
    if (part === 'live.m3u8') {
      const codec = h265.includes(`${id} ${quality}`) ? CODECS.h265 : CODECS.h264;
      const variant = `#EXT-X-STREAM-INF:BANDWIDTH=400000,CODECS="${codec}",RESOLUTION=768x576`;
      return reply.type('application/vnd.apple.mpegurl').send(`#EXTM3U\n${variant}\nmedia.m3u8\n`);
    }
    if (part === 'snapshot.jpg') return reply.type('image/jpeg').send(await loop.still());
    const found = await loop.read(part === 'media.m3u8' ? 'live.m3u8' : part);
    if (!found) return reply.code(502).send({ code: 'stream.unavailable' });
    return reply.type(found.type).send(found.body);
  });
}
