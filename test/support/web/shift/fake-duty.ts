import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HOUR_MS } from '../../../../src/core/clock.ts';

/** The roster of a made-up gateway, and what was handed over. */
export interface FakeDuty {
  shifts: FakeDutyShift[];
  handOvers: FakeHandOver[];
  done: { what: string; body: unknown }[];
}

interface FakeDutyShift {
  id: string;
  people: string[];
  [field: string]: unknown;
}

interface FakeHandOver {
  id: string;
  takenAt: string | null;
  [field: string]: unknown;
}

const ago = (hours: number) => new Date(Date.now() - hours * HOUR_MS).toISOString();

function shiftLike(id: string, people: string[], [from, to]: readonly [number, number]): FakeDutyShift {
  const desk = { jurisdiction: '330203', police: null, level: 'county', createdBy: 'admin', version: 1 };
  return { id, people, startsAt: ago(-from), endsAt: ago(-to), ...desk };
}

const now = (title: string, zh: string, severity: string, subject: string) => ({
  title: { en: title, zh },
  severity,
  subject,
  firstAt: ago(3),
  handling: 'acked',
  assignedTo: null,
});

function itemsOf() {
  const open = { handling: 'acked', visibility: 'normal', held: true };
  return [
    { alert: 'a-1', ...open, now: now('Fire in a recycling kiosk', '回收箱起火', 'extreme', '鼓楼街道 17 号') },
    {
      alert: 'a-2',
      ...open,
      visibility: 'shelved',
      now: now('Manhole is open', '井盖被打开', 'severe', '中山路 3 号'),
    },
    {
      alert: 'a-3',
      ...open,
      handling: 'new',
      held: false,
      now: now('Kiosk is full', '回收箱已满', 'minor', '<b>k-9</b>'),
    },
    { alert: 'a-4', ...open, held: false, now: null },
  ];
}

/** `li.na` leads now, took over from 王伟 and hands over to chen.jing; and she leads the shift after that. */
export function someDuty(): FakeDuty {
  const shifts = [
    shiftLike('s-before', ['wang.wei'], [-16, -8]),
    shiftLike('s-now', ['li.na', 'zhao.min'], [-8, 1]),
    shiftLike('s-next', ['chen.jing'], [1, 9]),
  ];
  const line = { jurisdiction: '330203', police: null, version: 1, fromShift: 's-before', toShift: 's-now' };
  const given = { givenBy: '王伟', givenAt: ago(8), note: '东门有两处在处置', open: 6, left: null };
  return { shifts, handOvers: [{ id: 'h-1', ...line, ...given, takenBy: null, takenAt: null }], done: [] };
}

export function dutyRoutes(app: FastifyInstance, { duty }: { duty: FakeDuty }): void {
  const idOf = (request: FastifyRequest) => (request.params as { id: string }).id;
  app.get('/api/v1/duty', async () => {
    const desk = { jurisdiction: '330203', police: null, level: 'county', lastSignAt: ago(0) };
    return { items: [{ ...desk, state: 'manned', shift: 's-now', people: ['li.na', 'zhao.min'], until: ago(-1) }] };
  });
  app.get('/api/v1/duty/shifts', async () => ({ items: duty.shifts }));
  app.get('/api/v1/alerts/counts', async () => {
    return { all: 6, severity: {}, handling: {}, condition: {}, visibility: { normal: 4, shelved: 2 } };
  });
  app.get('/api/v1/duty/hand-overs', async () => ({ items: duty.handOvers }));
  app.get('/api/v1/duty/hand-overs/:id', async (request, reply) => {
    const found = duty.handOvers.find(({ id }) => id === idOf(request));
    return found ? { ...found, items: itemsOf() } : reply.code(404).send({ code: 'not-found' });
  });
  app.post('/api/v1/duty/shifts/:id/hand-over', async (request, reply) => {
    const body = request.body as { to: string; note: string };
    duty.done.push({ what: `give ${idOf(request)}`, body });
    const line = { jurisdiction: '330203', police: null, version: 1, fromShift: idOf(request), toShift: body.to };
    const given = { givenBy: 'li.na', givenAt: ago(0), open: 4, left: null, takenBy: null, takenAt: null };
    duty.handOvers.unshift({ id: 'h-2', ...line, ...given, note: body.note });
    return reply.code(201).send({ ...duty.handOvers[0], items: itemsOf() });
  });
  app.post('/api/v1/duty/hand-overs/:id/take', async (request) => {
    const { left } = request.body as { left: string[] };
    duty.done.push({ what: `take ${idOf(request)}`, body: request.body });
    const found = duty.handOvers.find(({ id }) => id === idOf(request))!;
    return Object.assign(found, { left, takenBy: 'li.na', takenAt: ago(0), version: 2 });
  });
  figureRoutes(app);
}

const step = (alerts: number, meanMs: number | null, medianMs = meanMs) => ({ alerts, meanMs, medianMs });
const TIMES = [
  {
    jurisdiction: '330203',
    alerts: 1_240,
    steps: {
      decided: step(1_240, 180, 120),
      committed: step(1_240, 35, 30),
      sent: step(1_210, 420, 390),
      acked: step(1_100, 75_000, 42_000),
      dispatched: step(320, 240_000, 200_000),
      arrived: step(280, 780_000, 720_000),
      closed: step(1_050, 5_400_000, 3_900_000),
    },
  },
  {
    jurisdiction: '330212',
    alerts: 3,
    steps: {
      decided: step(3, 90),
      committed: step(3, 28),
      sent: step(3, 610),
      acked: step(2, 30_000),
      dispatched: step(0, null),
      arrived: step(0, null),
      closed: step(1, 900_000),
    },
  },
];
const PRECISION = [
  { rule: 'camera-offline', alerts: 90, right: 3, wrong: 1, precision: 0.75 },
  { rule: 'kiosk-fire', alerts: 240, right: 190, wrong: 11, precision: 0.945 },
  { rule: 'kiosk-full', alerts: 80, right: 0, wrong: 0, precision: null },
];

function figureRoutes(app: FastifyInstance): void {
  app.get('/api/v1/reports/alert-times', async () => ({ items: TIMES }));
  app.get('/api/v1/reports/rule-precision', async () => ({ items: PRECISION }));
}
