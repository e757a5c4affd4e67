import { cap } from './cap/cap.ts';
import { mail } from './mail/mail.ts';
import type { SinkDeps, Sinks, SinkType } from './sink.ts';
import { template } from './template/template.ts';
import { webhook } from './webhook/webhook.ts';

/** Every sink. A new one is its folder here and its line in this list; settings and doctor follow it. */
export const SINKS = [webhook, cap, mail, template] as const satisfies readonly SinkType[];

/** The settings of sinks by their type, as a part of the tree of all settings. */
export function settingsOfSinks<const Types extends readonly SinkType[]>(types: Types) {
  refuseTwice(types);
  return Object.fromEntries(types.map(({ type, settings }) => [type, settings])) as {
    readonly [Each in Types[number] as Each['type']]: Each['settings'];
  };
}

/** What was set, by the type of a sink. */
export type SinkValues = Readonly<Record<string, unknown>>;

/** The part of {@link SinkValues} that is for `type`. */
export function sinkValuesFor({ type }: SinkType, values: SinkValues): SinkValues {
  return (values[type] ?? {}) as SinkValues;
}

/** The sinks by their type. */
export function openSinks(types: readonly SinkType[], values: SinkValues, deps: SinkDeps): Sinks {
  refuseTwice(types);
  return new Map(types.map((type) => [type.type, type.open(sinkValuesFor(type, values), deps)]));
}

function refuseTwice(types: readonly SinkType[]): void {
  const names = new Set(types.map(({ type }) => type));
  if (names.size < types.length) throw new RangeError('two sinks have the same type');
}
