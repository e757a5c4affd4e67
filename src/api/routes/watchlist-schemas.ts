import { z } from 'zod';
import { WATCHLIST_ENTRIES_MAX } from '../../alerts/watchlists/entries.ts';
import { CATEGORIES, HANDLINGS, PLATE_COLOURS } from '../../alerts/watchlists/tables.ts';
import { instant, jurisdiction, label, moment } from '../schemas.ts';

const NAMED_MAX = 50;
/** Characters of a reason. */
export const REASON_MAX = 500;

/** A control order, as it is asked for. */
export const order = z.strictObject({
  unit: label(128).meta({ description: 'The police unit that asks' }),
  officer: label(64),
  phone: z.string().regex(/^[+0-9][0-9 -]{2,23}$/, 'use digits, spaces and hyphens'),
  category: z.enum(CATEGORIES),
  level: z.int().min(1).max(4).meta({ description: '1 is the gravest' }),
  handling: z.enum(HANDLINGS).meta({
    description: '`covert`: the vehicle is followed and never stopped, and only the people in `named` know of it',
  }),
  named: z.array(label(64)).max(NAMED_MAX).default([]).meta({
    description: 'Of a covert order: ids of people and tokens who may know of it, beside you; also who approves it',
  }),
  emergency: z.boolean().default(false).meta({
    description: 'In force at once; ends by itself after 24 h unless a second person has approved it',
  }),
  from: instant.optional().meta({ description: 'Nothing that passes before is a hit' }),
  until: instant,
});

const newEntry = z.strictObject({
  plate: label(16),
  colour: z.enum(PLATE_COLOURS).optional().meta({ description: 'Only plates of this colour, where a read tells one' }),
  reason: label(200),
  validUntil: instant.optional().meta({ description: 'Needed without `order`; else as long as that' }),
});

/** What a list is made of. */
export const newWatchlist = z
  .strictObject({
    name: label(128),
    jurisdiction,
    reason: label(REASON_MAX),
    case: label(64).meta({ description: 'Number of the case that justifies the list' }),
    order: order.optional().meta({
      description:
        'Makes a draft of a control order. Without it the list is an emergency, and needs plates with an end',
    }),
    entries: z
      .array(newEntry)
      .check(({ value, issues }) => {
        const message = `has more than ${WATCHLIST_ENTRIES_MAX} plates: make it without, and send a file to /entries`;
        if (value.length > WATCHLIST_ENTRIES_MAX) issues.push({ code: 'custom', message, input: value });
      })
      .meta({ maxItems: WATCHLIST_ENTRIES_MAX })
      .default([]),
  })
  .check(({ value, issues }) => {
    if (value.order) return;
    const wrong = (path: (string | number)[], message: string) =>
      issues.push({ code: 'custom', path, message, input: value });
    if (value.entries.length === 0) wrong(['entries'], 'has no plate: name one, or an `order` to add plates to');
    for (const [index, { validUntil }] of value.entries.entries()) {
      if (validUntil === undefined) wrong(['entries', index, 'validUntil'], 'is needed where there is no `order`');
    }
  });

const person = z.string().nullable();
/** A list without its plates. */
export const watchlist = z
  .object({
    id: z.string(),
    name: z.string(),
    jurisdiction: z.string(),
    reason: z.string(),
    case: z.string(),
    createdBy: z.string(),
    createdAt: moment,
    state: z.enum(['draft', 'requested', 'approved', 'active', 'rejected', 'withdrawn', 'revoked', 'expired']).meta({
      description: '`approved`: it begins later',
    }),
    inForce: z.boolean(),
    emergency: z.boolean(),
    entries: z.int().meta({ description: 'How many plates it has' }),
    from: moment.nullable(),
    until: moment,
    approveBy: moment.nullable().meta({ description: 'An emergency that nobody has approved ends then' }),
    order: z
      .object({
        unit: z.string(),
        officer: z.string(),
        phone: z.string(),
        category: z.enum(CATEGORIES),
        level: z.int(),
        handling: z.enum(HANDLINGS),
      })
      .nullable(),
    named: z.array(z.string()).nullable().meta({ description: 'Null where everybody of the area knows of it' }),
    requestedBy: person,
    requestedAt: moment.nullable(),
    approvedBy: person.meta({ description: 'Null also for lists from before there was approval' }),
    approvedAt: moment.nullable(),
    byYou: z.boolean().meta({ description: 'You asked for what waits: somebody else decides it' }),
    asked: z
      .object({
        what: z.enum(['renewal', 'revocation']),
        by: z.string(),
        at: moment,
        reason: z.string(),
        until: moment.nullable(),
      })
      .nullable()
      .meta({ description: 'What waits for a second person' }),
    ended: z.object({ by: person, at: moment, reason: z.string().nullable() }).nullable(),
    version: z.int(),
  })
  .meta({ id: 'Watchlist' });

/** A plate of a list. */
export const entry = z.object({
  id: z.string(),
  plate: z.string().meta({ description: 'Masked: nothing else of it is kept' }),
  colour: z.string().nullable(),
  reason: z.string(),
  validUntil: moment.nullable(),
});

/** What became of a file of plates. */
export const fileAnswer = z.object({
  lines: z.int(),
  added: z.int(),
  known: z.int().meta({ description: 'Lines whose plate the list had already' }),
  refused: z.int(),
  faults: z
    .array(z.object({ line: z.int(), message: z.string() }))
    .meta({ description: 'The first 100 lines that were refused' }),
  entries: z.int().meta({ description: 'Plates of the list by now' }),
});
