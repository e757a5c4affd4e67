import { z } from 'zod';
import { EVENT_TYPES } from '../../alerts/desk/alert.ts';
import { HANDLINGS } from '../../alerts/desk/tables.ts';
import { LEVELS } from '../../alerts/ladder/levels.ts';
import { CLASSES, DESKS } from '../../alerts/rules/classes.ts';
import { SEVERITIES } from '../../alerts/rules/rules.ts';
import { moment } from '../schemas.ts';

/** Any text: what is no id of an alert answers like an alert that is not there. */
export const alertParams = z.strictObject({ id: z.string().max(64) });

const instantOrNull = moment.nullable();

/** The alert of the contract. */
export const alertView = z
  .object({
    id: z.string(),
    dedupKey: z.string(),
    rule: z.string().meta({ description: 'name@version' }),
    title: z.object({ en: z.string(), zh: z.string() }),
    severity: z.enum(SEVERITIES),
    class: z.enum(CLASSES).meta({
      description: 'Something happens (`incident`), a device or the gateway does not work (`fault`, `system`)',
    }),
    desk: z.enum(DESKS).meta({ description: "Whose it is: an incident is the police desk's" }),
    condition: z.enum(['active', 'recovering', 'cleared', 'stale']),
    conditionReason: z
      .string()
      .nullable()
      .meta({
        description:
          'Why it went stale: `device-retired`, `rule-removed`, `input-lost` (nothing was heard of it), ' +
          '`never-ended`, `out-of-reach` (its rule does not look at the device any more)',
      }),
    handling: z.enum(HANDLINGS),
    visibility: z.enum(['normal', 'silenced', 'inhibited', 'shelved', 'test']),
    hidden: z
      .object({ by: z.string(), until: instantOrNull, reason: z.string().nullable() })
      .nullable()
      .meta({ description: 'Who silenced or shelved it; null too where a maintenance or an outage holds it back' }),
    audience: z.enum(['everyone', 'confirming', 'named']).meta({
      description:
        'Of those who see its place: all, only who confirms reads of plates, or only whom its watchlist names',
    }),
    verdict: z.string().nullable(),
    subject: z
      .object({ type: z.string(), id: z.string(), name: z.string() })
      .meta({ description: 'What it is about: a `device`, a `district` (`id` is its code) or the `gateway`' }),
    device: z.string().nullable().meta({ description: 'Null for a district, `_gateway` for the gateway' }),
    deviceName: z.string().nullable(),
    jurisdiction: z.string(),
    location: z.object({ lat: z.number(), lon: z.number() }).nullable(),
    police: z.string().nullable().meta({ description: 'Code of the police agency of the device when it was opened' }),
    departments: z.array(z.string()).meta({
      description:
        'Ids of the departments that it concerned when it was opened: by its rule, and by the owner of its device',
    }),
    firstAt: moment,
    lastAt: moment,
    occurrences: z.int(),
    data: z
      .record(z.string(), z.unknown())
      .meta({ description: 'What was seen. Plates are masked: `POST /alerts/{id}/plates` tells them whole' }),
    evidence: z.array(
      z.object({
        id: z.string(),
        type: z.enum(['picture', 'clip', 'unavailable']),
        camera: z.string().nullable(),
        takenAt: moment.meta({ description: 'Of a clip, its first picture' }),
        ageMs: z.number().nullable().meta({ description: 'How old a picture was when it was attached' }),
        endsAt: instantOrNull.meta({ description: 'Of a clip' }),
        sha256: z.string().nullable().meta({ description: 'Of the file; null of pictures of earlier versions' }),
        url: z.string().nullable().meta({ description: 'A JPEG, or the MP4 of a clip' }),
        reason: z.string().nullable().meta({ description: 'Why there is none, or what a clip lacks' }),
      }),
    ),
    comments: z.array(z.object({ by: z.string(), at: moment, text: z.string() })),
    ackedBy: z.string().nullable(),
    ackedById: z
      .string()
      .nullable()
      .meta({ description: 'Tells people apart who have the same name; null of what versions before this one told' }),
    ackedAt: instantOrNull,
    ackUntil: instantOrNull.meta({
      description: 'When it is new again, unless somebody moves it on before; each thing that is done sets it anew',
    }),
    assignedTo: z.string().nullable(),
    unit: z.string().nullable().meta({ description: 'Who was sent' }),
    dispatchedAt: instantOrNull,
    arrivedAt: instantOrNull,
    incident: z.string().nullable().meta({ description: 'What it is a part of, see `/incidents`' }),
    closedBy: z.string().nullable(),
    closedAt: instantOrNull,
    previousId: z.string().nullable(),
    receipt: z.string().meta({ description: 'Ask `/messages?id=` what the message was that raised it' }),
    storm: z.string().nullable().meta({ description: 'The alert that stands for it and others that came too fast' }),
    stormCount: z.int().meta({ description: 'How many it stands for, itself among them; 0 where for none' }),
    level: z.enum(LEVELS).meta({ description: 'How far up it was told, because nobody took it or it is grave' }),
    climbsAt: instantOrNull.meta({ description: 'When the next level is told, unless somebody takes it before' }),
    exercise: z.boolean().meta({ description: 'A drill: nothing of it is real' }),
    exerciseEndsAt: instantOrNull.meta({ description: 'When a drill ends by itself' }),
    cases: z
      .array(z.object({ number: z.string(), by: z.string(), at: moment }))
      .meta({ description: 'How others name the case that they made of it: number, which subscription told it, when' }),
    stamps: z.object({
      deviceAt: instantOrNull,
      receivedAt: moment,
      decidedAt: moment,
      committedAt: moment,
    }),
    version: z.int(),
  })
  .meta({ id: 'Alert' });

/** One entry of the log of all alerts. */
export const alertEvent = z
  .object({
    cursor: z.string().meta({ description: 'Goes on after this entry' }),
    id: z.string(),
    type: z.enum(EVENT_TYPES),
    at: moment,
    actor: z.string(),
    alert: alertView,
  })
  .meta({ id: 'AlertEvent' });

const streamCursor = z.string().meta({ description: 'Goes on after this event, as Last-Event-ID' });

/** One server-sent event of `/alerts/stream`, for the OpenAPI document. */
export const alertStreamEvent = z
  .union([
    z.object({ id: streamCursor, event: z.literal('hello'), data: z.object({}) }),
    z.object({ id: streamCursor, event: z.enum(EVENT_TYPES), data: alertEvent.omit({ cursor: true }) }),
  ])
  .meta({
    id: 'AlertStreamEvent',
    description: 'One server-sent event by its fields; `data` is one line of JSON. `hello` comes first.',
  });

/** The body of a webhook, for the OpenAPI document. */
export const alertWebhook = z
  .object({
    type: z.enum(EVENT_TYPES),
    timestamp: moment.meta({ description: 'When the entry was written', format: 'date-time' }),
    data: alertView,
    event: z.string().meta({ description: '`id` of the entry in the log of alerts' }),
  })
  .meta({ id: 'AlertWebhook' });
