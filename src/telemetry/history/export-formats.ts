import { toRfc3339 } from '../../core/clock.ts';
import type { DeviceIdentity, FieldSpec, FieldValue } from '../../core/types.ts';
import { nsToMs } from '../stores/nanoseconds.ts';
import { measurement, name, quoted } from '../writer/line-protocol.ts';

export type ExportFormat = 'csv' | 'line-protocol';

/** A point as it leaves: values as they may be shown. */
export interface ExportedPoint {
  timeNs: string;
  jurisdiction: string;
  /** Value of the structural tag; empty where the point has none. */
  part: string;
  values: ReadonlyMap<string, FieldValue>;
}

export interface ExportLayout {
  device: Pick<DeviceIdentity, 'id' | 'kind'>;
  /** Name of the structural tag, where the kind has one. */
  tag: string | null;
  /** Fields in the order of their columns. */
  fields: ReadonlyMap<string, FieldSpec | null>;
}

/** How a format is written: what stands first, and each point with its line break; null where nothing is left of it. */
export interface Format {
  type: string;
  extension: string;
  head(layout: ExportLayout): string;
  line(layout: ExportLayout, point: ExportedPoint): string | null;
}

export const FORMATS: Record<ExportFormat, Format> = {
  csv: {
    type: 'text/csv; charset=utf-8; header=present',
    extension: 'csv',
    head: ({ tag, fields }) =>
      csvLine(['time', ...(tag === null ? [] : [tag]), ...[...fields].map(([field, spec]) => headerOf(field, spec))]),
    line: ({ tag, fields }, { timeNs, part, values }) =>
      csvLine([
        toRfc3339(nsToMs(timeNs)),
        ...(tag === null ? [] : [part]),
        ...[...fields.keys()].map((field) => values.get(field) ?? ''),
      ]),
  },
  'line-protocol': {
    type: 'text/plain; charset=utf-8',
    extension: 'lp',
    head: () => '',
    line: protocolLine,
  },
};

function headerOf(field: string, spec: FieldSpec | null): string {
  const unit = spec && 'unit' in spec ? spec.unit : null;
  return unit === null ? field : `${field} (${unit})`;
}

/** RFC 4180: quotes around what holds a separator, line ends of two characters. */
function csvLine(cells: readonly FieldValue[]): string {
  return `${cells.map((cell) => (typeof cell === 'string' ? csvText(cell) : String(cell))).join(',')}\r\n`;
}

/** A spreadsheet would run such a text as a formula, also where the sign is a full-width one. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

function csvText(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** As the gateway itself writes points, so that a database reads it in again as the same ones. */
function protocolLine({ device, tag }: ExportLayout, { timeNs, jurisdiction, part, values }: ExportedPoint) {
  const tags = [
    ['dev', device.id],
    ['jur', jurisdiction],
    [tag ?? '', part],
  ].filter(([key, value]) => key !== '' && value !== '');
  const pairs = tags.map(([key = '', value = '']) => [name(key), name(value)]);
  const fields = [...values].map(([field, value]) => [name(field), textOf(value)]);
  if (fields.length === 0 || [...pairs, ...fields].flat().includes(null)) return null;
  const series = [measurement(device.kind), ...pairs.map((pair) => pair.join('='))].join(',');
  return `${series} ${fields.map((pair) => pair.join('=')).join(',')} ${timeNs}\n`;
}

function textOf(value: FieldValue): string | null {
  if (typeof value === 'string') return quoted(value);
  return Object.is(value, -0) ? '-0' : String(value);
}
