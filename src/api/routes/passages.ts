import { z } from 'zod';
import { toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { SPAN_DAYS_MAX } from '../../passages/search.ts';
import { UNREAD_MAX } from '../../passages/unread.ts';
import { callerOf } from '../guards/auth.ts';
import { deviceId, inOrder, instant, jurisdiction, label, listOf, moment, pageQuery } from '../schemas.ts';
import { defined, pageOf, type RoutePart } from './route.ts';

const DEVICES_MAX = 500;
const PLATE_CHARACTERS_MAX = 32;

const question = z
  .strictObject({
    plate: label(PLATE_CHARACTERS_MAX)
      .optional()
      .meta({
        description:
          'A whole plate; spaces, dots, hyphens, case and width do not matter. `?` stands for a place not read, ' +
          `${UNREAD_MAX} at most`,
      }),
    from: instant,
    to: instant.meta({ description: `Left out itself; at most ${SPAN_DAYS_MAX} days after \`from\`` }),
    devices: z.array(deviceId).min(1).max(DEVICES_MAX).optional(),
    jurisdiction: jurisdiction.optional().meta({ description: 'Only what stands in this area' }),
    purpose: label(200)
      .optional()
      .meta({ description: "Why you ask; without it the token's purpose, for people `routine`" }),
    case: label(64).optional().meta({ description: 'Number of the case; needed with `plate` and with `full`' }),
    full: z.boolean().default(false).meta({ description: 'Tell every plate whole; a search for a plate always does' }),
    ...pageQuery,
  })
  .check(inOrder());

const passage = z.object({
  device: z.string(),
  event: z
    .string()
    .meta({ description: 'Such as `passage`, `wrong_way`, `overspeed`: every event that tells a plate' }),
  at: moment,
  receivedAt: moment,
  clock: z
    .string()
    .meta({ description: 'Whose word `at` is: device, receipt (it told none), refused (its was wrong)' }),
  id: z.string().nullable(),
  receipt: z.string(),
  plate: z.string().nullable().meta({ description: 'Masked, unless the search was for a plate or `full`' }),
  data: z.record(z.string(), z.unknown()),
});

export const passageRoutes: RoutePart = (app, context) => {
  app.post(
    '/passages/search',
    {
      config: { right: 'plates.search', asksOnly: true, errors: ['not-found', 'request.cursor', 'service.failed'] },
      schema: {
        tags: ['telemetry'],
        summary: 'Who passed where, newest first; leaves an entry in the access register before anything is looked up',
        body: question,
        response: { 200: listOf(passage) },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { from: fromMs, to: toMs, plate, devices, jurisdiction: area, full, case: named = null } = request.body;
      const purpose = request.body.purpose ?? caller.purpose;
      if (purpose === null) {
        const message = 'is missing: say why you ask, or use a token that has a purpose';
        throw new CitywatchError('request.invalid', { issues: [{ path: 'purpose', message }] });
      }
      const page = pageOf(context, 'passages', caller, request.body);
      const asked = defined({ plate, devices, jurisdiction: area });
      const query = { fromMs, toMs, full, purpose, case: named, ...page.request, ...asked };
      const { items, next } = await context.heavy.run(caller, () => context.passages.search(caller, query));
      reply.header('cache-control', 'no-store');
      return {
        items: items.map(({ atMs, receivedAtMs, ...rest }) => {
          return { ...rest, at: toRfc3339(atMs), receivedAt: toRfc3339(receivedAtMs) };
        }),
        ...page.seal(next),
      };
    },
  );
};
