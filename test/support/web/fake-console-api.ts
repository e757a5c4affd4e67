import type { ServerResponse } from 'node:http';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import root from 'tap';
import { type PageFiles, serveConsole } from '../../../src/api/server/console.ts';
import { startLoop, type VideoLoop } from '../streams/video-loop.ts';
import { adminRoutes, type FakeAdmin, someAdmin } from './admin/fake-admin.ts';
import { builtConsole } from './built-console.ts';
import { alertLike, type FakeAlert, type LogEntry } from './fake-alert.ts';
import { type FakeQuery, GRAVITY, pageOfAlerts } from './fake-alert-list.ts';
import { caseRoutes } from './fake-case.ts';
import { DEVICES, DISTRICTS, KINDS, RULES } from './fake-city.ts';
import { deviceRoutes, type FakeDevices, someDevices } from './fake-devices.ts';
import { type FakeMap, fakeCityMap, mapRoutes } from './fake-map.ts';
import { type FakeOrders, orderRoutes, someOrders } from './fake-orders.ts';
import { type FakeRecordings, recordedRoutes } from './fake-recordings.ts';
import { type FakeCamera, videoRoutes } from './fake-video.ts';
import { rememberAnswers } from './session/fake-once.ts';
import { sessionRoutes } from './session/fake-session.ts';
import { type FakeShift, shiftRoutes, someShift } from './shift/fake-shift.ts';

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
  cameras: FakeCamera[];
  /** What is registered beside the cameras, and what was done with it. */
  devices: FakeDevices;
  /** Work orders of the devices. */
  orders: FakeOrders;
  /** What was recorded of every camera, where that was asked for. */
  recorded: FakeRecordings | null;
  /** What is administered, and what was sent to that. */
  admin: FakeAdmin;
  /** What stands on the map. */
  map: FakeMap;
  /** What is searched for, and handed over. */
  shift: FakeShift;
  /** What was asked for, as `GET /path`. */
  requests: string[];
  counts: { devices: object[]; messagesPerSecond: number };
}

/** What there is to be seen, and which pictures are H.265 (`cam-0 main`, `cam-0 recorded`). */
export interface FakeOptions {
  video?: boolean;
  h265?: readonly string[];
  recorded?: boolean;
  /** The page that is served; the built one unless told. */
  pages?: PageFiles;
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

const CAMERA_NAMES = ['天一广场东口', 'Gulou tower', '月湖北门', 'Laowaitan quay'];
const HEARTBEAT_MS = 500;

/**
 * The part of the API that the console uses, small enough to make happen on demand what a real gateway does only now
 * and then. It stands in for the gateway in tests of the page alone; that the gateway speaks like this is shown
 * elsewhere, by the tests of the API and by the acceptance tests. The server of the built page in it is the real one.
 */
export async function startFakeApi(
  t: Test,
  { video = false, h265 = [], recorded = false, pages }: FakeOptions = {},
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
    cameras: CAMERA_NAMES.map((name, at) => ({ id: `cam-${at}`, name })),
    devices: someDevices(3),
    orders: someOrders(),
    recorded: null,
    admin: someAdmin(),
    map: fakeCityMap(40),
    shift: someShift(),
    requests: [],
    counts: { devices: DEVICES, messagesPerSecond: 12.5 },
  };
  watchDoor(app, fake);
  sessionRoutes(app, state);
  rememberAnswers(app);
  caseRoutes(app, Object.assign(state, { publish: publish.bind(null, state) }));
  deviceRoutes(app, fake);
  orderRoutes(app, fake, () => state.signedIn);
  mapRoutes(app, fake, state.alerts);
  videoRoutes(app, fake);
  shiftRoutes(app, fake);
  if (recorded) fake.recorded = await recordedRoutes(app, t, h265);
  readRoutes(app, state, fake);
  actionRoutes(app, state);
  streamRoute(app, state);
  videoRoute(app, loop, h265);
  serveConsole(app, pages ?? (await builtConsole()));
  const stopBeat = beat(state);
  fake.url = await app.listen({ host: '127.0.0.1', port: 0 });
  t.teardown(() => {
    stopBeat();
    fake.cut();
    return app.close();
  });
  return fake;
}

/** Notes what is asked for, and lets nobody in while the network is cut. */
function watchDoor(app: FastifyInstance, fake: FakeConsoleApi): void {
  app.addHook('onRequest', async ({ method, url, raw }, reply) => {
    fake.requests.push(`${method} ${url}`);
    if (!fake.unplugged) return;
    reply.hijack();
    raw.socket.destroy();
  });
}

/** Says to every listener that the stream is still there. */
function beat(state: State): () => void {
  const timer = setInterval(() => {
    if (!state.silent) for (const listener of state.listeners.keys()) listener.write(': still here\n\n');
  }, HEARTBEAT_MS);
  return () => clearInterval(timer);
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

function readRoutes(app: FastifyInstance, state: State, fake: FakeConsoleApi): void {
  adminRoutes(app, fake.admin);
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
  app.get('/api/v1/alerts', async (request) => {
    const query = request.query as FakeQuery;
    return pageOfAlerts(state.alerts.values(), { ...query, desk: deskOf(state, query.desk), me: state.signedIn ?? '' });
  });
  app.get('/api/v1/alerts/:id', async (request, reply) => {
    return state.alerts.get(idOf(request)) ?? reply.code(404).send({ code: 'not-found' });
  });
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
      const by = { ackedBy: state.signedIn, ackedById: state.signedIn };
      return alert.handling === 'new' ? { handling: 'acked', ...by, ackedAt: at() } : null;
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
