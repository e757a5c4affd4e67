import type { FieldSpec } from '../common/field.tsx';
import type { Subscription } from '../types.ts';

/** How alerts are sent (src/alerts/sinks), each with the fields of its target. */
export const SINKS = ['webhook', 'cap', 'mail', 'template'] as const;
export type SinkName = (typeof SINKS)[number];

const needed = { required: true } as const;
const optional = { required: false } as const;
const URL: FieldSpec = { name: 'target.url', label: 'subs.url', limits: { ...needed, type: 'string' } };

const TARGETS: Record<SinkName, readonly FieldSpec[]> = {
  webhook: [URL],
  cap: [
    URL,
    {
      name: 'target.scope',
      label: 'subs.scope',
      words: 'scope',
      limits: { ...optional, enum: ['Public', 'Restricted', 'Private'] },
    },
    { name: 'target.restriction', label: 'subs.restriction', limits: optional },
    { name: 'target.addresses', label: 'subs.addresses', limits: { ...optional, type: 'array' } },
    { name: 'target.radiusM', label: 'subs.radiusM', limits: { ...optional, type: 'integer' } },
  ],
  mail: [
    { name: 'target.host', label: 'subs.host', limits: needed },
    { name: 'target.port', label: 'subs.port', limits: { ...needed, type: 'integer' } },
    {
      name: 'target.security',
      label: 'subs.security',
      words: 'security',
      limits: { ...needed, enum: ['tls', 'starttls', 'none'] },
    },
    { name: 'target.from', label: 'subs.from', limits: needed },
    { name: 'target.to', label: 'subs.to', limits: { ...needed, type: 'array' } },
    { name: 'target.username', label: 'subs.username', limits: optional },
    { name: 'target.password', label: 'subs.password', as: 'secret', limits: optional },
  ],
  template: [
    URL,
    {
      name: 'target.json',
      label: 'subs.json',
      hint: 'subs.json.hint',
      as: 'text',
      limits: { ...needed, type: 'json' },
    },
    { name: 'target.query', label: 'subs.query', as: 'secret', limits: optional },
    { name: 'target.authorization', label: 'subs.authorization', as: 'secret', limits: optional },
    { name: 'target.ok.field', label: 'subs.ok.field', limits: optional },
    { name: 'target.ok.equals', label: 'subs.ok.equals', limits: { ...optional, type: 'value' } },
  ],
};

/** The fields of the target of a sink; of a webhook where it is none of ours. */
export function targetOf(sink: string): readonly FieldSpec[] {
  return TARGETS[SINKS.find((one) => one === sink) ?? 'webhook'];
}

/** What a robot of a chat takes, and how it says that it did: to be changed. */
export const EXAMPLE = {
  'target.json': JSON.stringify(
    { msgtype: 'text', text: { content: '{{drill}}{{what}} {{severity}} {{title}} {{districtName}} {{at}}' } },
    null,
    2,
  ),
  'target.ok.field': 'errcode',
  'target.ok.equals': '0',
};

/** Where a subscription sends to, in a few words. */
export function whereTo({ url, target }: Pick<Subscription, 'url' | 'target'>): string | null {
  const { url: address, host, to } = target as { url?: unknown; host?: unknown; to?: unknown };
  if (Array.isArray(to)) return to.join(', ');
  return ([url, address, host].find((one) => typeof one === 'string') as string | undefined) ?? null;
}
