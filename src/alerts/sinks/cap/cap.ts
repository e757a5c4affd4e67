import { z } from 'zod';
import { type Setting, setting, type ValuesOf } from '../../../core/setup/setting.ts';
import { CAP_TYPE, type CapVoice, capOf, capTest } from '../../cap/cap.ts';
import { capPlan } from '../../cap/plan.ts';
import type { Destination, SendResult, Sink, SinkDeps, SinkEntry, SinkType } from '../sink.ts';
import { judging, postSigned, SIGNED_FIELDS, signedParts } from '../webhook/webhook.ts';

const RESTRICTION_MAX = 200;
const ADDRESSES_MAX = 20;
/** CAP takes no spaces, commas, `<` and `&` in what others refer to a message by. */
const NAME = /^[^\s,<&]{1,100}$/;

const CAP_SETTINGS = {
  sender: setting<string>(
    ['CITYWATCH_CAP_SENDER', 'By which name CAP messages say whom they are from. Others refer to them by it: keep it.'],
    z.string().regex(NAME),
    'citywatch',
    { range: '1 to 100 characters without spaces, commas, < and &' },
  ),
} as const satisfies Record<string, Setting<unknown>>;

type CapSettings = ValuesOf<typeof CAP_SETTINGS>;

/** What every way of CAP says where nothing else was asked for. */
export const CAP_DEFAULTS = {
  scope: 'Restricted',
  restriction: '仅限授权单位 For authorised receivers only',
  addresses: [],
  radiusM: 500,
} as const satisfies Omit<CapVoice, 'sender'>;

/** What was set for CAP among the settings of all sinks. */
export function capSettings({ cap: set }: Readonly<Record<string, unknown>>): CapSettings {
  return { sender: CAP_SETTINGS.sender.default, ...(set as Partial<CapSettings>) };
}

interface CapTarget {
  [field: string]: unknown;
  url: string;
}

const schema = z.strictObject({
  ...SIGNED_FIELDS,
  scope: z.enum(['Public', 'Restricted', 'Private']).optional().meta({ description: 'Restricted when absent' }),
  restriction: z.string().trim().min(1).max(RESTRICTION_MAX).optional().meta({ description: 'Of Restricted' }),
  addresses: z
    .array(z.string().regex(NAME, 'use no spaces, commas, < and &'))
    .min(1)
    .max(ADDRESSES_MAX)
    .optional()
    .meta({ description: 'Of Private: to whom it goes' }),
  radiusM: z
    .int()
    .min(100)
    .max(50_000)
    .optional()
    .meta({ description: 'Of the circle round a device; 500 when absent' }),
});

const forAddresses = schema.refine(({ scope, addresses }) => scope !== 'Private' || addresses !== undefined, {
  path: ['addresses'],
  message: 'are needed where the scope is Private',
});

/** CAP 1.2 by signed POST; its networks are those of webhooks. */
export const cap: SinkType<'cap', typeof CAP_SETTINGS> = {
  type: 'cap',
  settings: CAP_SETTINGS,
  check: async () => [],
  open: capSink,
};

function capSink({ sender }: CapSettings, deps: SinkDeps): Sink<CapTarget> {
  const voiceOf = ({ target }: Destination): CapVoice => ({ ...CAP_DEFAULTS, ...voiceIn(target), sender });
  return {
    type: 'cap',
    schema: forAddresses,
    wantsEarlier: true,
    ...signedParts(deps),
    send: async (entry, to) => await send(deps, { entry, to, voice: voiceOf(to) }),
    test: async (probe, to) => {
      const body = capTest(probe, voiceOf(to));
      return (await postSigned(deps, to, { id: probe.id, body, contentType: CAP_TYPE })).result;
    },
    judge: (probe, to) => {
      const body = capTest(probe, voiceOf(to));
      return judging(deps, to, { id: probe.id, body, contentType: CAP_TYPE });
    },
  };
}

function voiceIn(target: Destination['target']): Partial<CapVoice> {
  const { scope, restriction, addresses, radiusM } = target as Partial<CapVoice>;
  const given = Object.entries({ scope, restriction, addresses, radiusM }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given);
}

/** What is no message in CAP is taken as told. */
async function send(
  deps: SinkDeps,
  { entry, to, voice }: { entry: SinkEntry; to: Destination; voice: CapVoice },
): Promise<SendResult> {
  const { event: id, type, at, alert, earlier = [] } = entry;
  const own = { id, type, at };
  const plan = capPlan([...earlier.map((one) => ({ id: one.event, type: one.type, at: one.at })), own]);
  if (!plan) return { outcome: 'taken', status: null };
  const bounds = deps.boundsOf?.(String(alert.jurisdiction ?? '')) ?? null;
  const body = capOf({ entry: own, plan, alert, bounds }, voice);
  return (await postSigned(deps, to, { id: entry.id, body, contentType: CAP_TYPE })).result;
}
