import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from '../../access/password-rules.ts';
import { type PersonInfo, USERNAME } from '../../access/people.ts';
import { ROLES } from '../../access/rights.ts';
import { BOOTSTRAP } from '../../access/tokens.ts';
import { toRfc3339 } from '../../core/clock.ts';
import { ifMatch, setEtag } from '../etag.ts';
import { callerOf, sessionOf } from '../guards/auth.ts';
import {
  jurisdiction,
  label,
  listOf,
  moment,
  momentOrNull,
  noContent,
  policeLimit,
  policeLimited,
} from '../schemas.ts';
import { type ApiApp, defined, type RouteContext, type RoutePart } from './route.ts';

const tags = ['people'];

const params = z.strictObject({ id: z.uuid() });
const role = z.enum(ROLES);
const password = z.string().min(PASSWORD_LENGTH_MIN).max(PASSWORD_LENGTH_MAX);
const fields = { name: label(100), role, jurisdiction, police: policeLimit.optional(), password };
const oneTime = z.boolean().meta({ description: 'The password works once: to give oneself another' });
const forgetSecondFactor = z.literal(true).meta({ description: 'For somebody who has lost theirs' });

const newUser = z.strictObject({
  username: z.string().regex(USERNAME, 'use 2 to 64 lower-case letters, digits, dots, underscores and hyphens'),
  ...fields,
  oneTime: oneTime.optional(),
});

const userPatch = z
  .strictObject({ ...fields, disabled: z.boolean(), oneTime, forgetSecondFactor })
  .partial()
  .refine((patch) => Object.keys(patch).length > 0, 'name something to change');

const user = z
  .object({
    id: z.string(),
    username: z.string(),
    name: z.string(),
    role,
    jurisdiction: z.string(),
    police: policeLimited,
    disabledAt: moment.nullable(),
    mustChange: z.boolean().meta({ description: 'Has a one-time password' }),
    needsCode: z.boolean().meta({ description: 'Needs a code of `POST /users/codes` to change it' }),
    secondFactor: z.boolean(),
    createdBy: z.string(),
    createdAt: moment,
    version: z.int(),
  })
  .meta({ id: 'User' });

function answer({ disabledAtMs, createdAtMs, ...rest }: PersonInfo): z.output<typeof user> {
  return { ...rest, disabledAt: momentOrNull(disabledAtMs), createdAt: toRfc3339(createdAtMs) };
}

const voucher = z.object({
  code: z.string().meta({ description: 'For the person alone; shown this once' }),
  until: moment,
  username: z.string(),
  name: z.string(),
  role,
  jurisdiction: z.string(),
  createdBy: z.string().meta({ description: 'Who let this person log in' }),
});

const named = z
  .object({ id: z.string(), username: z.string(), name: z.string() })
  .meta({ id: 'PersonName', description: 'What somebody is called whom others name by their user name or id' });

/** People who may log in. Their sessions end with every change of password, role or area. */
export const userRoutes: RoutePart = (app, context) => {
  makingRoutes(app, context);
  changingRoutes(app, context);
  vouchingRoute(app, context);
  namesRoute(app, context);
};

function makingRoutes(app: ApiApp, { people }: RouteContext): void {
  app.get(
    '/users',
    {
      config: { right: 'people.keep' },
      schema: { tags, summary: 'People of your area', response: { 200: listOf(user) } },
    },
    async (request) => ({ items: (await people.list(callerOf(request))).map(answer) }),
  );

  app.post(
    '/users',
    {
      config: { right: 'people.keep', errors: ['conflict.exists'] },
      schema: { tags, summary: 'Let a person log in', body: newUser, response: { 201: user } },
    },
    async (request, reply) => {
      const made = await people.create(callerOf(request), defined(request.body));
      setEtag(reply.code(201), made.version);
      return answer(made);
    },
  );
}

/** Who works with others is shown their user names in alerts, orders and rosters, and their ids in registers. */
function namesRoute(app: ApiApp, { colleagues }: RouteContext): void {
  app.get(
    '/users/names',
    {
      config: { right: ['alerts.handle', 'orders.work', 'duty.keep', 'people.keep', 'audit.read', 'register.read'] },
      schema: {
        tags,
        summary: 'What people are called who see something of your area, by user name; 5,000 at most',
        response: { 200: listOf(named) },
      },
    },
    async (request) => ({ items: await colleagues.names(callerOf(request)) }),
  );
}

function changingRoutes(app: ApiApp, { people }: RouteContext): void {
  app.patch(
    '/users/:id',
    {
      config: { right: 'people.keep' },
      schema: { tags, summary: 'Change a person', params, body: userPatch, response: { 200: user } },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const patch = defined(request.body);
      const changed = await ifMatch(request, (version) => people.update(caller, request.params.id, version, patch));
      setEtag(reply, changed.version);
      return answer(changed);
    },
  );

  app.delete(
    '/users/:id',
    {
      config: { right: 'people.keep' },
      schema: { tags, summary: 'Disable a person', params, response: { 204: noContent } },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { id } = request.params;
      await ifMatch(request, (version) => people.update(caller, id, version, { disabled: true }));
      return reply.code(204).send(null);
    },
  );
}

/** The token that is configured stands for who runs the machine; any other could have been made by who makes people. */
function requireWhoMeetsPeople(request: FastifyRequest): void {
  if (callerOf(request).id !== BOOTSTRAP) sessionOf(request);
}

function vouchingRoute(app: ApiApp, { vouchers }: RouteContext): void {
  app.post(
    '/users/codes',
    {
      config: { right: 'people.vouch', oneTimeSecret: 'code', errors: ['conflict.state'] },
      schema: {
        tags,
        summary: 'A code for a person whom you have met, to change a password that somebody else set',
        body: z.strictObject({ username: z.string().regex(USERNAME) }),
        response: { 201: voucher },
      },
    },
    async (request, reply) => {
      requireWhoMeetsPeople(request);
      const { untilMs, ...given } = await vouchers.give(callerOf(request), request.body.username);
      reply.code(201).header('cache-control', 'no-store');
      return { ...given, until: toRfc3339(untilMs) };
    },
  );
}
