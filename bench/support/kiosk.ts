import type { DeviceKind, FieldSpec } from '../../src/core/types.ts';

const percent: FieldSpec = { type: 'number', unit: '%', min: 0, max: 100 };

/** The kind whose messages are decoded, with fields of each sort, an event of a plate and one of nothing. */
export const KIOSK: DeviceKind = {
  kind: 'recycling-kiosk',
  version: 1,
  title: { en: '', zh: '' },
  stream: false,
  periodS: 60,
  staleAfterS: 300,
  fields: new Map<string, FieldSpec>([
    ['fill_pct', percent],
    ['battery_pct', percent],
    ['temp_c', { type: 'number', unit: '°C', min: -60, max: 300 }],
    ['door_open', { type: 'boolean' }],
    ['network', { type: 'enum', values: ['ethernet', 'wifi'] }],
  ]),
  commands: new Map(),
  events: new Map([
    [
      'passage',
      {
        fields: new Map<string, FieldSpec>([
          ['plate', { type: 'text', maxLength: 16, sensitive: 'plate' }],
          ['lane', { type: 'integer', unit: null, min: 1, max: 16 }],
          ['speedKmh', { type: 'number', unit: 'km/h', min: 0, max: 400 }],
        ]),
        required: ['plate'],
      },
    ],
    ['jam', { fields: new Map(), required: [] }],
  ]),
};
