import { z } from 'zod';
import {
  agencyEnd,
  agencyInput,
  agencyName,
  boundsInput,
  POLICE_LEVELS,
  policeCode,
  policeOfDevice,
} from '../../devices/police/input.ts';
import { setEtag } from '../etag.ts';
import { callerOf } from '../guards/auth.ts';
import { deviceParams, listOf, pageQuery } from '../schemas.ts';
import { answer, device } from './device-schemas.ts';
import { type ApiApp, pageOf, type RouteContext, type RoutePart } from './route.ts';

const tags = ['registry'];

const fields = {
  code: z.string(),
  name: z.string(),
  level: z.enum(POLICE_LEVELS),
  parent: z.string().nullable(),
  jurisdiction: z.string().meta({ description: 'The division whose people keep it' }),
  validFrom: z.string().nullable(),
  validTo: z.string().nullable().meta({ description: 'The day from which its successor stands in its place' }),
  successor: z.string().nullable(),
  hasBounds: z.boolean().meta({ description: 'Whether somebody has drawn where the station is responsible' }),
};
const agency = z.object(fields).meta({ id: 'PoliceAgency' });
const counted = z
  .object({
    ...fields,
    positions: z.int().meta({ description: 'Points there and below that you may see, but retired ones' }),
  })
  .meta({ id: 'CountedPoliceAgency' });

/** The police tree: which station is responsible for which points. */
export const policeRoutes: RoutePart = (app, context) => {
  agencyRoutes(app, context);
  lifeRoutes(app, context);
  deviceRoute(app, context);
};

function agencyRoutes(app: ApiApp, context: RouteContext): void {
  const { police } = context;

  app.get(
    '/police/agencies',
    {
      config: { right: 'registry.read' },
      schema: {
        tags,
        summary: 'Police agencies of your area and above it, with how many points they have',
        querystring: z.strictObject(pageQuery),
        response: { 200: listOf(counted) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const page = pageOf(context, 'police/agencies', caller, request.query);
      const { items, next } = await police.list(caller, page.request);
      return { items, ...page.seal(next) };
    },
  );

  app.post(
    '/police/agencies',
    {
      config: { right: 'trees.keep', errors: ['conflict.exists', 'conflict.state'] },
      schema: { tags, summary: 'Add a police agency of your area', body: agencyInput, response: { 201: agency } },
    },
    async (request, reply) => reply.code(201).send(await police.add(callerOf(request), request.body)),
  );

  app.post(
    '/police/agencies/:code/bounds',
    {
      config: { right: 'trees.keep' },
      schema: {
        tags,
        summary: 'Draw where a station is responsible; points there become its own',
        params: z.strictObject({ code: policeCode }),
        body: boundsInput,
        response: { 200: agency },
      },
    },
    async (request) => police.setBounds(callerOf(request), request.params.code, request.body.bounds),
  );
}

function lifeRoutes(app: ApiApp, { police }: RouteContext): void {
  const params = z.strictObject({ code: policeCode });

  app.post(
    '/police/agencies/:code/name',
    {
      config: { right: 'trees.keep' },
      schema: { tags, summary: 'Call a police agency otherwise', params, body: agencyName, response: { 200: agency } },
    },
    async (request) => police.rename(callerOf(request), request.params.code, request.body.name),
  );

  app.post(
    '/police/agencies/:code/end',
    {
      config: { right: 'trees.keep', errors: ['conflict.state'] },
      schema: {
        tags,
        summary: 'End a police agency; its points belong to its successor',
        params,
        body: agencyEnd,
        response: { 200: agency },
      },
    },
    async (request) => police.end(callerOf(request), request.params.code, request.body),
  );
}

function deviceRoute(app: ApiApp, { policeOf, twin }: RouteContext): void {
  app.post(
    '/devices/:id/police',
    {
      config: { right: 'registry.edit', errors: ['conflict.state'] },
      schema: {
        tags,
        summary: 'Say by hand which police agency a point belongs to',
        params: deviceParams,
        body: policeOfDevice,
        response: { 200: device },
      },
    },
    async (request, reply) => {
      const changed = await policeOf.set(callerOf(request), request.params.id, request.body.agency);
      setEtag(reply, changed.version);
      return answer(changed, twin);
    },
  );
}
