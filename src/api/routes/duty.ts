import { z } from 'zod';
import { ROLES } from '../../access/rights.ts';
import { HANDLINGS } from '../../alerts/desk/tables.ts';
import { LEVELS } from '../../alerts/ladder/levels.ts';
import { SEVERITIES } from '../../alerts/rules/rules.ts';
import { DAY_MS } from '../../core/clock.ts';
import { ifMatch, setEtag } from '../etag.ts';
import { callerOf } from '../guards/auth.ts';
import {
  inOrder,
  instant,
  jurisdiction,
  label,
  listOf,
  moment,
  noContent,
  policeLimit,
  policeLimited,
} from '../schemas.ts';
import type { ApiApp, RouteContext, RoutePart } from './route.ts';

const PEOPLE_MAX = 50;
const NOTE_MAX = 2_000;
const ITEMS_MAX = 1_000;
const LISTED_MAX = 1_000;
/** Without a time the list is of so long from now on. */
const LISTED_MS = 14 * DAY_MS;

const username = label(64);
const id = z.string().max(64);
const params = z.strictObject({ id });

const people = z
  .array(username)
  .min(1)
  .max(PEOPLE_MAX)
  .meta({ description: 'User names. The first leads, and signs when the desk is handed over' });

const level = z.enum(LEVELS).meta({ description: 'On the ladder, by its area' });

const newShift = z.strictObject({
  jurisdiction,
  police: policeLimit.optional(),
  people,
  startsAt: instant,
  endsAt: instant.meta({ description: 'Within 48 hours of its beginning' }),
});

const shift = z
  .object({
    id: z.string(),
    jurisdiction: z.string(),
    police: policeLimited,
    level,
    people: z.array(z.string()),
    startsAt: moment,
    endsAt: moment,
    createdBy: z.string(),
    version: z.int(),
  })
  .meta({ id: 'DutyShift' });

const deskNow = z.object({
  jurisdiction: z.string(),
  police: policeLimited,
  level,
  state: z.enum(['manned', 'silent', 'empty']).meta({
    description: '`silent`: those on duty did nothing here for ten minutes; `empty`: nobody is on duty',
  }),
  shift: z.string().nullable(),
  people: z.array(z.string()),
  until: moment.nullable(),
  lastSignAt: moment.nullable().meta({ description: 'When one of them last did anything here' }),
});

const handOverLine = z.object({
  id: z.string(),
  fromShift: z.string(),
  toShift: z.string(),
  jurisdiction: z.string(),
  police: policeLimited,
  note: z.string(),
  open: z.int().meta({ description: 'How many alerts were open' }),
  givenBy: z.string(),
  givenAt: moment,
  takenBy: z.string().nullable(),
  takenAt: moment.nullable(),
  version: z.int(),
});

const handOver = handOverLine
  .extend({
    items: z
      .array(
        z.object({
          alert: z.string(),
          handling: z.enum(HANDLINGS),
          visibility: z.enum(['normal', 'silenced', 'inhibited', 'shelved', 'test']),
          held: z.boolean().meta({ description: 'Somebody of the shift had it; who takes over gets it' }),
          now: z
            .object({
              title: z.object({ en: z.string(), zh: z.string() }),
              severity: z.enum(SEVERITIES),
              subject: z.string(),
              firstAt: moment,
              handling: z.enum(HANDLINGS),
              assignedTo: z.string().nullable(),
            })
            .nullable()
            .meta({ description: 'How it is by now; null where it is gone, or not yours to see' }),
        }),
      )
      .meta({ description: 'Those that were open, 1,000 at most: first what the shift had, then the gravest' }),
    left: z
      .array(z.string())
      .nullable()
      .meta({ description: 'What stayed with whoever had it; null until it is taken' }),
  })
  .meta({ id: 'HandOver' });

const colleague = z.object({
  id: z.string(),
  username: z.string(),
  name: z.string(),
  role: z.enum(ROLES),
  jurisdiction: z.string(),
  onDuty: z.boolean().meta({ description: 'Has duty at a desk of your area now' }),
});
/** What somebody is looked for to do. */
const CAN = ['alerts.handle', 'faults.handle', 'watchlists.approve', 'watchlists.confirm'] as const;
const peopleQuery = z.strictObject({
  jurisdiction: jurisdiction.optional().meta({ description: 'Who see this area of yours; without it, all of yours' }),
  police: policeLimit.optional(),
  can: z.enum(CAN).default('alerts.handle').meta({ description: 'Who have this right there' }),
});

const shiftsQuery = z.strictObject({ from: instant.optional(), to: instant.optional() }).check(inOrder());

const tags = ['alerts'];

/** Who has duty, and what one shift hands to the next. */
export const dutyRoutes: RoutePart = (app, context) => {
  shiftRoutes(app, context, '/duty/shifts');
  // By the name that the outside contract has.
  shiftRoutes(app, context, '/rosters');
  readRoutes(app, context);
  handOverRoutes(app, context);
  peopleRoute(app, context);
};

function shiftRoutes(app: ApiApp, context: RouteContext, path: string): void {
  const { shifts } = context.alerts;
  listRoute(app, context, path);
  app.post(
    path,
    {
      config: { right: 'duty.keep', errors: ['conflict.state'] },
      schema: {
        tags,
        summary: 'Say who has duty for an area, and when',
        body: newShift,
        response: { 201: shift },
      },
    },
    async (request, reply) => {
      const { startsAt: startsAtMs, endsAt: endsAtMs, police, ...rest } = request.body;
      const made = await shifts.create(callerOf(request), { ...rest, police: police ?? null, startsAtMs, endsAtMs });
      setEtag(reply.status(201), made.version);
      return made;
    },
  );

  app.delete(
    `${path}/:id`,
    {
      config: { right: 'duty.keep' },
      schema: { tags, summary: 'Take a shift out of the roster', params, response: { 204: noContent } },
    },
    async (request, reply) => {
      await ifMatch(request as never, (version) => shifts.remove(callerOf(request), request.params.id, version));
      return reply.status(204).send(null);
    },
  );
}

function readRoutes(app: ApiApp, { alerts: { roster } }: RouteContext): void {
  app.get(
    '/duty',
    {
      config: { right: 'alerts.read' },
      schema: { tags, summary: 'Which desks of your area are manned now', response: { 200: listOf(deskNow) } },
    },
    async (request) => ({ items: roster.now(callerOf(request)) }),
  );
}

function listRoute(app: ApiApp, { clock, alerts: { shifts } }: RouteContext, path: string): void {
  app.get(
    path,
    {
      config: { right: 'alerts.read' },
      schema: {
        tags,
        summary: `The roster of your area, of the next two weeks or of a time; ${LISTED_MAX} shifts at most`,
        querystring: shiftsQuery,
        response: { 200: listOf(shift) },
      },
    },
    async (request) => {
      const fromMs = request.query.from ?? clock.nowMs();
      const toMs = request.query.to ?? fromMs + LISTED_MS;
      return { items: await shifts.list(callerOf(request), { fromMs, toMs, limit: LISTED_MAX }) };
    },
  );
}

function peopleRoute(app: ApiApp, { colleagues, alerts: { roster } }: RouteContext): void {
  app.get(
    '/duty/people',
    {
      config: { right: ['alerts.handle', 'faults.handle', 'duty.keep', 'watchlists.keep'] },
      schema: {
        tags,
        summary: 'Who can be given alerts of an area, those of the nearest area first; 500 at most',
        querystring: peopleQuery,
        response: { 200: listOf(colleague) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { can, jurisdiction: code, police } = request.query;
      const own = { jurisdiction: caller.jurisdiction, police: caller.police ?? null };
      const place = code === undefined ? own : { jurisdiction: code, police: police ?? own.police };
      const people = await colleagues.list(caller, place, can);
      const onDuty = new Set(roster.now(caller).flatMap((desk) => desk.people));
      return { items: people.map((one) => ({ ...one, onDuty: onDuty.has(one.username) })) };
    },
  );
}

function handOverRoutes(app: ApiApp, { alerts: { handOvers } }: RouteContext): void {
  app.post(
    '/duty/shifts/:id/hand-over',
    {
      config: { right: 'alerts.handle', errors: ['not-found'] },
      schema: {
        tags,
        summary: 'Sign for what your shift hands to another one of its desk; again before it is taken lists anew',
        params,
        body: z.strictObject({ to: id, note: label(NOTE_MAX) }),
        response: { 201: handOver },
      },
    },
    async (request, reply) => {
      const made = await handOvers.give(callerOf(request), request.params.id, request.body);
      setEtag(reply.status(201), made.version);
      return made;
    },
  );

  app.post(
    '/duty/hand-overs/:id/take',
    {
      config: { right: 'alerts.handle', errors: ['not-found', 'conflict.state'] },
      schema: {
        tags,
        summary: 'Sign for what is handed to your shift: what the other one had is assigned to you, but for `left`',
        params,
        body: z.strictObject({ left: z.array(id).max(ITEMS_MAX).default([]) }),
        response: { 200: handOver },
      },
    },
    async (request) => handOvers.take(callerOf(request), request.params.id, request.body.left),
  );

  app.get(
    '/duty/hand-overs',
    {
      config: { right: 'alerts.read' },
      schema: { tags, summary: 'Hand-overs of your area, the newest 100', response: { 200: listOf(handOverLine) } },
    },
    async (request) => ({ items: await handOvers.list(callerOf(request)) }),
  );

  app.get(
    '/duty/hand-overs/:id',
    {
      config: { right: 'alerts.read' },
      schema: { tags, summary: 'One hand-over with what was open', params, response: { 200: handOver } },
    },
    async (request, reply) => {
      const one = await handOvers.get(callerOf(request), request.params.id);
      setEtag(reply, one.version);
      return one;
    },
  );
}
