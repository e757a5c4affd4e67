import { z } from 'zod';
import { endInput, jurisdictionInput, membersInput, nameInput } from '../../access/tree/input.ts';
import type { JurisdictionInfo } from '../../access/tree/jurisdictions.ts';
import { polygon } from '../../devices/search/area.ts';
import { callerOf } from '../guards/auth.ts';
import { jurisdiction, listOf, pageQuery } from '../schemas.ts';
import { type ApiApp, pageOf, type RouteContext, type RoutePart } from './route.ts';

const tags = ['registry'];
/** As many as a list may have: who draws a tree wants it whole. */
const LIMIT_MAX = 500;

const fields = {
  code: z.string(),
  name: z.object({ zh: z.string(), en: z.string() }),
  parent: z.string().nullable(),
  validFrom: z.string().nullable(),
  validTo: z.string().nullable().meta({ description: 'Abolished on that day' }),
  successor: z.string().nullable().meta({ description: 'The code that took its area over' }),
  members: z.array(z.string()).meta({ description: 'Of a zone: what belongs to it as well' }),
  hasBounds: z.boolean().meta({ description: 'Whether somebody has drawn where it lies' }),
};
const node = z.object(fields).meta({ id: 'JurisdictionNode' });
const counted = z
  .object({
    ...fields,
    positions: z.int().meta({ description: 'Points there and below that you may see, but retired ones' }),
  })
  .meta({ id: 'Jurisdiction' });

const boundsInput = z.strictObject({
  bounds: polygon
    .nullable()
    .meta({ description: 'lon,lat;lon,lat;… in degrees of WGS-84, up to 64 corners; null takes them away' }),
});

const byCode = (one: JurisdictionInfo): string => one.code;

/** The civil tree: divisions, and zones without a code. */
export const jurisdictionRoutes: RoutePart = (app, context) => {
  const { jurisdictions, treeEdits, directory } = context;

  app.get(
    '/jurisdictions',
    {
      config: { right: 'registry.read', displays: ['wall', 'map', 'desk'] },
      schema: {
        tags,
        summary: 'The areas you may see, in order of code, with how many points there are',
        querystring: z.strictObject({
          ...pageQuery,
          limit: z.coerce.number().int().min(1).max(LIMIT_MAX).default(LIMIT_MAX),
        }),
        response: { 200: listOf(counted) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const page = pageOf(context, 'jurisdictions', caller, request.query);
      const { limit, after = '' } = page.request;
      const rest = jurisdictions.list(caller).filter(({ code }) => code > after);
      const totals = jurisdictions.totals(directory.counts(caller));
      const items = rest.slice(0, limit).map((one) => ({ ...one, positions: totals.get(one.code) ?? 0 }));
      return { items, ...page.seal(rest.length > limit ? byCode(items.at(-1)!) : null) };
    },
  );

  app.post(
    '/jurisdictions',
    {
      config: { right: 'trees.keep', errors: ['conflict.exists', 'conflict.state'] },
      schema: {
        tags,
        summary: 'Add a township, a community, a functional zone, or what follows an old code',
        body: jurisdictionInput,
        response: { 201: node },
      },
    },
    async (request, reply) => reply.code(201).send(await treeEdits.add(callerOf(request), request.body)),
  );

  app.post(
    '/jurisdictions/:code/members',
    {
      config: { right: 'trees.keep' },
      schema: {
        tags,
        summary: 'Say what belongs to a zone, in place of what was said before',
        params: z.strictObject({ code: jurisdiction }),
        body: membersInput,
        response: { 200: node },
      },
    },
    async (request) => treeEdits.setMembers(callerOf(request), request.params.code, request.body.members),
  );

  lifeRoutes(app, context);
};

function lifeRoutes(app: ApiApp, { treeEdits }: RouteContext): void {
  const params = z.strictObject({ code: jurisdiction });

  app.post(
    '/jurisdictions/:code/name',
    {
      config: { right: 'trees.keep' },
      schema: { tags, summary: 'Call an area otherwise', params, body: nameInput, response: { 200: node } },
    },
    async (request) => treeEdits.rename(callerOf(request), request.params.code, request.body.name),
  );

  app.post(
    '/jurisdictions/:code/bounds',
    {
      config: { right: 'trees.keep' },
      schema: {
        tags,
        summary: 'Draw where an area of yours lies, in place of what was drawn before; what stands there stays',
        params,
        body: boundsInput,
        response: { 200: node },
      },
    },
    async (request) => {
      const ring = request.body.bounds?.map(({ lon, lat }) => [lon, lat] as const) ?? null;
      return treeEdits.setBounds(callerOf(request), request.params.code, ring);
    },
  );

  app.post(
    '/jurisdictions/:code/end',
    {
      config: { right: 'trees.keep', errors: ['conflict.state'] },
      schema: {
        tags,
        summary: 'End an area below yours: no more points are registered there',
        params,
        body: endInput,
        response: { 200: node },
      },
    },
    async (request) => treeEdits.end(callerOf(request), request.params.code, request.body),
  );
}
