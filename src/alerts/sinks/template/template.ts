import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ValuesOf } from '../../../core/setup/setting.ts';
import { networks } from '../../../platform/outbound/network-setting.ts';
import { objectIn, post } from '../http/post.ts';
import type { Destination, SendResult, Sink, SinkDeps, SinkType } from '../sink.ts';
import { type TextFields, testFields, textFields } from '../text/fields.ts';
import { fill, filled, problemOf } from './fill.ts';

const SETTING = 'CITYWATCH_TEMPLATE_NETWORKS';
const TEMPLATE_BYTES_MAX = 8 * 1024;
const FIELDS_MAX = 32;
const URL_LENGTH_MAX = 2_000;

const TEMPLATE_SETTINGS = {
  networks: networks(
    [SETTING, 'The only addresses at which chat robots and gateways of short messages are contacted.'],
    [],
  ),
} as const;

interface TemplateTarget {
  [field: string]: unknown;
  url: string;
  json?: unknown;
  form?: Record<string, string>;
  ok?: { field: string; equals: string | number | boolean };
  types?: string[];
}

const templated = z
  .string()
  .max(TEMPLATE_BYTES_MAX)
  .superRefine((text, context) => {
    const problem = problemOf(text);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  });

const schema = z
  .strictObject({
    url: z
      .string()
      .max(URL_LENGTH_MAX)
      .regex(/^https?:\/\//i, 'use an http or https address'),
    json: z.unknown().optional().meta({ description: 'A JSON value whose texts may name fields, such as `{{title}}`' }),
    form: z
      .record(z.string().min(1).max(64), templated)
      .refine((form) => Object.keys(form).length <= FIELDS_MAX, `has at most ${FIELDS_MAX} fields`)
      .optional()
      .meta({ description: 'In place of `json`: fields of a form' }),
    query: z
      .string()
      .min(1)
      .max(1_024)
      .regex(/^[^\s#?]+$/, 'is what stands behind the ? of an address')
      .optional()
      .meta({ description: 'Behind the address, kept secret: such as `access_token=…`' }),
    authorization: z
      .string()
      .min(1)
      .max(1_024)
      .regex(/^[\x20-\x7e]+$/, 'is the value of a header')
      .optional(),
    ok: z
      .strictObject({
        field: z.string().min(1).max(64),
        equals: z.union([z.string().max(64), z.number(), z.boolean()]),
      })
      .optional()
      .meta({ description: 'What an answer must say to be taken, such as `errcode` 0: many answer 200 to everything' }),
    types: z.array(z.string().max(32)).min(1).max(16).optional().meta({
      description: 'Which entries are told; `alert.opened`, `alert.cleared` and `alert.stale` when absent',
    }),
  })
  .check(({ value, issues }) => {
    const wrong = (path: string[], message: string) => issues.push({ code: 'custom', path, message, input: value });
    if ((value.json === undefined) === (value.form === undefined))
      wrong(['json'], 'is needed, or `form`, and not both');
    const text = JSON.stringify(value.json ?? value.form ?? '');
    if (Buffer.byteLength(text) > TEMPLATE_BYTES_MAX) wrong(['json'], `has at most ${TEMPLATE_BYTES_MAX} bytes`);
    else if (value.json !== undefined) {
      const problem = problemOf(value.json);
      if (problem !== null) wrong(['json'], problem);
    }
  });

/** Chat and short messages by a template of the user's; off until networks are set. */
export const template: SinkType<'template', typeof TEMPLATE_SETTINGS> = {
  type: 'template',
  settings: TEMPLATE_SETTINGS,
  check: async () => [],
  open: templateSink,
};

const DEFAULT_TYPES: readonly string[] = ['alert.opened', 'alert.escalated', 'alert.cleared', 'alert.stale'];

function templateSink(
  { networks: cidrs }: ValuesOf<typeof TEMPLATE_SETTINGS>,
  { clock, outbound, nameOfDistrict = () => null }: SinkDeps,
): Sink<TemplateTarget> {
  const reach = { cidrs, names: 'webhooks' } as const;
  const say = async ({ target, secrets }: Destination<TemplateTarget>, fields: TextFields): Promise<SendResult> => {
    const { type, body } = bodyOf(target, fields);
    const query = secrets.query?.[0];
    const url = query === undefined ? target.url : `${target.url}${target.url.includes('?') ? '&' : '?'}${query}`;
    const authorization = secrets.authorization?.[0];
    const headers = {
      'content-type': type,
      'x-citywatch-id': fields.id,
      ...(authorization === undefined ? {} : { authorization }),
    };
    const posted = await post(outbound, { url, headers, body, networks: reach, setting: SETTING }, () => clock.nowMs());
    return judged(posted.result, target.ok, objectIn(posted.body));
  };
  return {
    type: 'template',
    schema,
    secretFields: ['query', 'authorization'],
    ownSecret: null,
    check: ({ url }) => outbound.check({ url, networks: reach, setting: SETTING }),
    endpoint: (to) =>
      createHash('sha256')
        .update(JSON.stringify([to.target.url, to.secrets]))
        .digest('hex'),
    send: async (entry, to) => {
      if (!(to.target.types ?? DEFAULT_TYPES).includes(entry.type)) return { outcome: 'taken', status: null };
      return await say(to, textFields(entry, nameOfDistrict));
    },
    test: (probe, to) => say(to, testFields(probe)),
  };
}

function bodyOf({ json, form }: TemplateTarget, fields: TextFields): { type: string; body: string } {
  if (form === undefined) return { type: 'application/json', body: JSON.stringify(filled(json, fields)) };
  const pairs = Object.entries(form).map(([name, text]): [string, string] => [name, fill(text, fields)]);
  return { type: 'application/x-www-form-urlencoded', body: new URLSearchParams(pairs).toString() };
}

/** Many answer 200 to everything and say in the body what they mean. */
function judged(
  result: SendResult,
  ok: TemplateTarget['ok'],
  answer: Readonly<Record<string, unknown>> | null,
): SendResult {
  if (result.outcome !== 'taken' || ok === undefined || answer?.[ok.field] === ok.equals) return result;
  const reason = `The receiver answered, but not with ${ok.field} ${JSON.stringify(ok.equals)}.`;
  return { outcome: 'failed', status: result.status, reason, retryable: true, retryAfterMs: null };
}
