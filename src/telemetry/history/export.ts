import { CitywatchError } from '../../core/errors.ts';
import type { Jurisdiction } from '../../core/jurisdiction.ts';
import type { Caller, DeviceId, DeviceKind, FieldSpec, FieldValue } from '../../core/types.ts';
import type { AccessRegister } from '../../platform/records/access-register.ts';
import { msToNs } from '../stores/nanoseconds.ts';
import type { Store, StoredPoint } from '../stores/store.ts';
import { fieldsOf, partTagOf } from '../writer/kind-fields.ts';
import { CLOCK_FIELD, EVENT_DATA_FIELD, EVENT_FIELD, EVENT_ID_FIELD, RECEIVED_FIELD } from '../writer/line-protocol.ts';
import { shown } from '../writer/masking.ts';
import { checkRange } from './checks.ts';
import { type ExportedPoint, type ExportFormat, type ExportLayout, FORMATS } from './export-formats.ts';
import { toEvent } from './stored-events.ts';

export interface ExportQuery {
  /** Unix ms, inclusive. */
  fromMs: number;
  /** Unix ms, exclusive. */
  toMs: number;
  format: ExportFormat;
  /** All that the kind has, events and our own marks, where it is left out. */
  fields?: string[];
}

/** The part of a device that is exported; who may ask is decided before. */
export interface ExportedDevice {
  id: DeviceId;
  kind: string;
  jurisdiction: Jurisdiction;
}

export interface ExportsDeps {
  store: Pick<Store, 'points'>;
  kinds: { latest(kind: string): DeviceKind | undefined };
  register: Pick<AccessRegister, 'add'>;
}

export interface ExportRequest {
  caller: Caller;
  device: ExportedDevice;
  query: ExportQuery;
  /** Why, asked for only where there are plates. */
  reason(): { purpose: string; case: string | null };
}

export interface OpenExport {
  contentType: string;
  fileName: string;
  /** Made as they are asked for. Fails with `store.unavailable` or `store.refused` in its middle too. */
  pieces: AsyncGenerator<string>;
}

/** Points that are in memory at a time. */
const PAGE_POINTS = 5_000;

const EVENT_FIELDS = [EVENT_FIELD, EVENT_ID_FIELD, EVENT_DATA_FIELD] as const;

/** Everything that was stored of a device in a range, as text to take away. */
export class Exports {
  readonly #deps: ExportsDeps;

  constructor(deps: ExportsDeps) {
    this.#deps = deps;
  }

  /**
   * Resolves once the first points are read and, where there may be plates among them, the look is registered.
   * Errors: `request.invalid` naming the field, `store.unavailable`, `store.refused`, and those of `reason`.
   */
  async open({ caller, device, query, reason }: ExportRequest, signal: AbortSignal): Promise<OpenExport> {
    checkRange(query);
    const kind = this.#deps.kinds.latest(device.kind);
    const layout = layoutOf(device, kind, query.fields);
    const format = FORMATS[query.format];
    const why = tellsPlates(layout, kind) ? reason() : null;
    const pages = this.#pages(layout, query, signal);
    const first = await pages.next();
    if (why) {
      const { format, fromMs, toMs } = query;
      const asked = { export: format, from: fromMs, to: toMs, fields: query.fields ?? null };
      const { id, jurisdiction } = device;
      await this.#deps.register.add({ viewer: caller, act: 'plates', device: id, jurisdiction, ...why, asked });
    }
    const piece = (page: StoredPoint[]): string => {
      return page.map((point) => format.line(layout, shownPoint(point, layout, kind)) ?? '').join('');
    };
    async function* pieces(): AsyncGenerator<string> {
      yield format.head(layout);
      if (first.done) return;
      yield piece(first.value);
      for await (const page of pages) yield piece(page);
    }
    return { contentType: format.type, fileName: `${device.id}.${format.extension}`, pieces: pieces() };
  }

  /** Points of one moment stay in one page, since the next begins at a moment. */
  async *#pages(
    layout: ExportLayout,
    { fromMs, toMs }: ExportQuery,
    signal: AbortSignal,
  ): AsyncGenerator<StoredPoint[]> {
    const { device, tag, fields } = layout;
    let fromNs = msToNs(fromMs);
    for (let limit = PAGE_POINTS; ; ) {
      const page = await this.#deps.store.points(
        {
          measurement: device.kind,
          device: device.id,
          fields: [...fields.keys(), 'jur', ...(tag === null ? [] : [tag])],
          fromNs,
          toNs: msToNs(toMs),
          limit,
        },
        signal,
      );
      const last = page.at(-1)?.timeNs;
      if (last === undefined || page.length < limit) {
        if (page.length > 0) yield page;
        return;
      }
      const whole = page.filter(({ timeNs }) => timeNs !== last);
      if (whole.length > 0) {
        yield whole;
        fromNs = last;
      } else limit *= 2;
    }
  }
}

function layoutOf(
  device: ExportedDevice,
  kind: DeviceKind | undefined,
  chosen: readonly string[] | undefined,
): ExportLayout {
  const tag = partTagOf(kind);
  const ours = [...EVENT_FIELDS, RECEIVED_FIELD, CLOCK_FIELD].map((field) => [field, null] as const);
  const known = new Map<string, FieldSpec | null>([...fieldsOf(kind), ...ours]);
  if (tag !== null) known.delete(tag);
  const fields = new Map<string, FieldSpec | null>();
  for (const field of chosen ?? known.keys()) {
    const spec = known.get(field);
    if (field === tag) continue;
    if (spec === undefined) {
      const message = `${device.kind} has no field "${field}"; it has ${[...known.keys()].join(', ')}`;
      throw new CitywatchError('request.invalid', { issues: [{ path: 'fields', message }] });
    }
    fields.set(field, spec);
  }
  if (fields.size === 0) {
    const message = `name a field beside the tag ${tag}, which is always there`;
    throw new CitywatchError('request.invalid', { issues: [{ path: 'fields', message }] });
  }
  return { device, tag, fields };
}

function tellsPlates({ fields }: ExportLayout, kind: DeviceKind | undefined): boolean {
  const isPlate = (spec: FieldSpec | null): boolean => spec?.type === 'text' && spec.sensitive === 'plate';
  if ([...fields.values()].some(isPlate)) return true;
  if (!fields.has(EVENT_DATA_FIELD)) return false;
  return !kind || [...kind.events.values()].some((event) => [...event.fields.values()].some(isPlate));
}

/** Only what was asked for, in the order of the columns; plates masked, also those inside of events. */
function shownPoint(point: StoredPoint, { tag, fields }: ExportLayout, kind: DeviceKind | undefined): ExportedPoint {
  const values = new Map<string, FieldValue>();
  for (const [field, spec] of fields) {
    const value = point.values.get(field);
    if (value === undefined) continue;
    if (field === EVENT_DATA_FIELD) values.set(field, JSON.stringify(toEvent(point, kind).data));
    else values.set(field, spec === null ? value : shown(value, spec));
  }
  return {
    timeNs: point.timeNs,
    jurisdiction: String(point.values.get('jur') ?? ''),
    part: tag === null ? '' : String(point.values.get(tag) ?? ''),
    values,
  };
}
