import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import type { ApprovedPicture } from '../../streams/picture-health/approved.ts';
import { callerOf } from '../guards/auth.ts';
import { lookQuery } from '../guards/look.ts';
import { cameraOf, viewOf } from '../guards/views.ts';
import { deviceParams, label, moment, noContent } from '../schemas.ts';
import type { RoutePart } from './route.ts';

const tags = ['streams'];

const approved = z
  .object({ id: z.uuid(), name: z.string(), preset: z.string().nullable(), by: z.string(), at: moment })
  .meta({ id: 'ApprovedPicture' });

const body = z.strictObject({
  name: label(64).meta({ description: 'Such as `day`; approve another one for the night' }),
  preset: label(64).nullable().default(null).meta({ description: 'Of a camera that moves: the preset it stands at' }),
  quality: z.enum(['main', 'sub']).default('main'),
  ...lookQuery,
});

/** What a camera should show. The pictures themselves are shown to nobody. */
export const approvedPictureRoutes: RoutePart = (app, context) => {
  const pictures = context.approvedPictures;
  app.get(
    '/streams/:id/approved-pictures',
    {
      config: { right: 'registry.read' },
      schema: {
        tags,
        summary: 'Which pictures of a camera were approved as what it should show',
        params: deviceParams,
        response: { 200: z.object({ items: z.array(approved) }) },
      },
    },
    async (request) => {
      const { id } = cameraOf(context, callerOf(request), request.params.id);
      return { items: (await pictures.of(id)).map(shown) };
    },
  );

  app.post(
    '/streams/:id/approved-pictures',
    {
      config: { right: 'registry.edit', errors: ['stream.unavailable', 'stream.full', 'look.incident-missing'] },
      schema: {
        tags,
        summary:
          'Approve what a camera shows now; it is a look at it. Where it shows something else, an alert is raised',
        params: deviceParams,
        body,
        response: { 201: approved },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const of = cameraOf(context, caller, request.params.id);
      const { name, preset, ...look } = request.body;
      const view = viewOf(context, caller, of.id, { ...look, use: 'snapshot' });
      return reply.code(201).send(shown(await pictures.approve({ caller, of }, view, { name, preset })));
    },
  );

  app.delete(
    '/streams/:id/approved-pictures/:picture',
    {
      config: { right: 'registry.edit' },
      schema: {
        tags,
        summary: 'Compare a camera with this picture no longer',
        params: deviceParams.extend({ picture: z.uuid() }),
        response: { 204: noContent },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      await pictures.remove(caller, cameraOf(context, caller, request.params.id), request.params.picture);
      return reply.code(204).send(null);
    },
  );
};

function shown({ atMs, ...rest }: ApprovedPicture): z.output<typeof approved> {
  return { ...rest, at: toRfc3339(atMs) };
}
