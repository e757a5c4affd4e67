import type { CommandSpec, DeviceKind, EventSpec, FieldSpec, Message } from '../../../src/core/types.ts';
import { kioskMessage } from './journal.ts';

/** A kind with one field of every type, for tests of what reads messages. */
export const KIOSK: DeviceKind = {
  kind: 'recycling-kiosk',
  version: 1,
  title: { en: 'Recycling kiosk', zh: '智能分类回收机' },
  stream: false,
  periodS: 60,
  staleAfterS: 300,
  fields: new Map<string, FieldSpec>([
    ['fill_pct', { type: 'number', unit: '%', min: 0, max: 100 }],
    ['temp_c', { type: 'number', unit: '°C', min: -60, max: 300 }],
    ['big', { type: 'number', unit: null, min: -1e300, max: 1e300 }],
    ['cells_free', { type: 'integer', unit: null, min: 0, max: 1000 }],
    ['smoke', { type: 'boolean' }],
    ['firmware', { type: 'text', maxLength: 8 }],
    ['network', { type: 'enum', values: ['wifi', 'ethernet'] }],
  ]),
  events: new Map<string, EventSpec>([
    [
      'passage',
      {
        fields: new Map<string, FieldSpec>([
          ['plate', { type: 'text', maxLength: 16, sensitive: 'plate' }],
          ['lane', { type: 'integer', unit: null, min: 1, max: 16 }],
          ['images', { type: 'list', maxItems: 2, maxLength: 8 }],
        ]),
        required: ['plate'],
      },
    ],
    ['jam', { fields: new Map(), required: [] }],
  ]),
  commands: new Map<string, CommandSpec>([
    ['reboot', { args: new Map(), required: [], timeoutS: 60, expiresS: 86_400, role: 'technician' }],
    [
      'unlock',
      {
        args: new Map<string, FieldSpec>([
          ['cell', { type: 'integer', unit: null, min: 1, max: 16 }],
          ['door', { type: 'enum', values: ['front', 'back'] }],
          ['note', { type: 'text', maxLength: 8 }],
          ['items', { type: 'list', maxItems: 2, maxLength: 4 }],
        ]),
        required: ['cell'],
        timeoutS: 30,
        expiresS: 300,
        role: 'operator',
      },
    ],
  ]),
};

export const kioskKinds = {
  at: (kind: string, version: number) => (kind === KIOSK.kind && version === 1 ? KIOSK : undefined),
};

/** A message as it comes out of the journal. */
export function storedMessage(raw: string | Buffer, change: Partial<Message> = {}): Message {
  return {
    ...kioskMessage(change),
    lane: 'live',
    incarnation: '',
    offset: 0,
    endOffset: 100,
    ...change,
    raw: Buffer.from(raw),
  };
}
