import type { PayloadSpec } from '../../core/registry/makers-payload.ts';
import type {
  CommandSpec,
  DeviceKind,
  EventSpec,
  FieldSource,
  FieldSpec,
  FieldValue,
  Titled,
} from '../../core/types.ts';
import { type CommandFile, EXPIRES_S, TIMEOUT_S } from './kind-command.ts';
import type { FieldFile, KindFile } from './kind-schema.ts';

/** A kind's file in the words of the rest of the gateway. */
export function toDeviceKind(file: KindFile): DeviceKind {
  const kind: DeviceKind = {
    kind: file.kind,
    version: file.version,
    title: file.title,
    stream: file.stream,
    periodS: file.period_s,
    staleAfterS: file.stale_after_s,
    fields: toFields(file.fields),
    events: new Map(
      Object.entries(file.events).map(([key, spec]): [string, EventSpec] => [
        key,
        { ...titled(spec), fields: toFields(spec.fields), required: spec.required },
      ]),
    ),
    commands: new Map(Object.entries(file.commands ?? {}).map(([name, spec]) => [name, toCommand(spec)])),
  };
  return {
    ...kind,
    ...(file.hangs_on ? { hangsOn: file.hangs_on } : {}),
    ...(file.codec ? { codec: file.codec } : {}),
    ...(file.payload ? { payload: toPayload(file.payload) } : {}),
    ...raisedOf(file),
    ...limitsOf(file),
  };
}

function raisedOf({ raised }: KindFile): Pick<DeviceKind, 'raised'> {
  const { silence_s: silenceS, unended_s: unendedS } = raised ?? {};
  return raised ? { raised: { ...(silenceS && { silenceS }), ...(unendedS && { unendedS }) } } : {};
}

function limitsOf({ rate, series }: KindFile): Pick<DeviceKind, 'rate' | 'series'> {
  const { device_per_s: devicePerS, total_per_s: totalPerS } = rate ?? {};
  const { per_device: perDevice, total } = series ?? {};
  return {
    ...(rate ? { rate: { ...(devicePerS ? { devicePerS } : {}), ...(totalPerS ? { totalPerS } : {}) } } : {}),
    ...(series ? { series: { ...(perDevice ? { perDevice } : {}), ...(total ? { total } : {}) } } : {}),
  };
}

function toCommand(spec: CommandFile): CommandSpec {
  const { args = {}, required = [], timeout_s, expires_s, role = 'operator' } = spec;
  const timeoutS = timeout_s ?? Math.min(TIMEOUT_S, expires_s ?? TIMEOUT_S);
  return { ...titled(spec), args: toFields(args), required, timeoutS, expiresS: expires_s ?? EXPIRES_S, role };
}

function toPayload({ ts, id, event, ignore = [] }: NonNullable<KindFile['payload']>): PayloadSpec {
  return {
    ts: ts ? { path: keysOf(ts.path), unit: ts.unit ?? 'ms' } : null,
    id: id ? keysOf(id.path) : null,
    event: event ? { path: keysOf(event.path), map: event.map ? new Map(Object.entries(event.map)) : null } : null,
    ignore: ignore.map(keysOf),
  };
}

function keysOf(path: string): string[] {
  return path.split('.');
}

function toFields(specs: KindFile['fields']): ReadonlyMap<string, FieldSpec> {
  return new Map(Object.entries(specs).map(([key, spec]) => [key, toField(spec)]));
}

function toField(spec: FieldFile): FieldSpec {
  const form = toForm(spec);
  const source = toSource(spec);
  const tagged = 'tag' in spec && spec.tag === true;
  return { ...form, ...titled(spec), ...(tagged ? { tag: true as const } : {}), ...(source ? { source } : {}) };
}

function titled({ title }: { title?: Titled['title'] | undefined }): Titled {
  return title ? { title } : {};
}

function toForm(spec: FieldFile): FieldSpec {
  switch (spec.type) {
    case 'number': {
      const { type, unit, min, max, precision } = spec;
      return precision === undefined ? { type, unit, min, max } : { type, unit, min, max, precision };
    }
    case 'integer':
      return { type: spec.type, unit: spec.unit, min: spec.min, max: spec.max };
    case 'boolean':
      return { type: spec.type };
    case 'text': {
      const { type, max_length: maxLength, sensitive, content } = spec;
      return { type, maxLength, ...(sensitive ? { sensitive } : {}), ...(content ? { content } : {}) };
    }
    case 'enum':
      return { type: spec.type, values: spec.values };
    case 'list':
      return { type: spec.type, maxItems: spec.max_items, maxLength: spec.max_length };
  }
}

function toSource(spec: FieldFile): FieldSource | null {
  const { scale, offset } = spec.type === 'number' || spec.type === 'integer' ? spec : {};
  const map: Record<string, FieldValue> | undefined = 'map' in spec ? spec.map : undefined;
  if ([spec.path, scale, offset, map].every((part) => part === undefined)) return null;
  return {
    path: spec.path === undefined ? null : keysOf(spec.path),
    scale: scale ?? 1,
    offset: offset ?? 0,
    map: map ? new Map(Object.entries(map)) : null,
  };
}
