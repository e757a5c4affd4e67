import type { SinkDeps, SinkMaker, Sinks } from './sink.ts';
import { webhookSink } from './webhook/webhook.ts';

/** Every sink. A new one is its folder here and its line in this list. */
export const SINKS: readonly SinkMaker[] = [webhookSink];

/** The sinks by their type. */
export function openSinks(makers: readonly SinkMaker[], deps: SinkDeps): Sinks {
  const sinks = makers.map((make) => make(deps));
  const byType = new Map(sinks.map((sink) => [sink.type, sink]));
  if (byType.size < sinks.length) throw new RangeError('two sinks have the same type');
  return byType;
}
