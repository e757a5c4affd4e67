import { macsOf, serialOf } from '../units/identity.ts';
import type { Column } from './column.ts';
import { DAY_OF_MOMENT, EXACT, FINGERPRINT, listOf } from './column-types.ts';

/** Columns of the unit that hangs at a point. The serial number comes first: faults of the unit stand there. */
export const UNIT_COLUMNS: readonly Column[] = [
  {
    name: 'serial',
    titles: ['序列号', '设备序列号', '出厂编号', '出厂序列号', 'SN', 'serialNumber'],
    path: ['unit', 'serial'],
    type: EXACT,
  },
  {
    name: 'maker',
    titles: ['厂商', '生产厂商', '厂家', '生产厂家', '品牌', 'manufacturer'],
    path: ['unit', 'maker'],
    type: EXACT,
  },
  { name: 'model', titles: ['型号', '设备型号', '规格型号'], path: ['unit', 'model'], type: EXACT },
  {
    name: 'mac',
    titles: ['MAC地址', '物理地址', '网卡地址', 'macAddress'],
    path: ['unit', 'mac'],
    type: listOf(EXACT),
  },
  { name: 'endpoint', titles: ['端点引用', '设备UUID', 'endpointReference'], path: ['unit', 'endpoint'], type: EXACT },
  { name: 'firmware', titles: ['固件版本', '固件', 'firmwareVersion'], path: ['unit', 'firmware'], type: EXACT },
];

/** What the certificate of the unit is that it shows over https. */
export const CERTIFICATE_COLUMNS: readonly Column[] = [
  {
    name: 'certificate',
    titles: ['设备证书', '设备证书指纹', '现用证书'],
    path: ['certificate', 'fingerprint'],
    type: FINGERPRINT,
    isSeen: true,
  },
  {
    name: 'certificateEnd',
    titles: ['证书截止日期', '证书到期', '证书有效期至'],
    path: ['certificate', 'notAfterMs'],
    type: DAY_OF_MOMENT,
    isSeen: true,
  },
];

interface UnitRow {
  line: number;
  cells: Record<string, string | null>;
  /** Lines of the file that name the same unit. */
  twins?: number[];
}

/** Lines that are told of a twin at most. */
const TWINS_SHOWN = 5;

/**
 * Notes which rows of a file name the same unit: a serial number, of makers that are not known to differ, or a hardware
 * address in common. Whether that is wrong shows when it is known what hangs there: channels of a recorder have the
 * serial number of that.
 */
export function markUnitTwins(rows: readonly UnitRow[]): void {
  const byMark = new Map<string, UnitRow[]>();
  for (const row of rows) {
    for (const mark of marksOf(row)) byMark.set(mark, [...(byMark.get(mark) ?? []), row]);
  }
  for (const row of rows) {
    const others = new Set<number>();
    for (const mark of marksOf(row)) {
      const isSerial = mark.startsWith('serial');
      for (const other of byMark.get(mark) ?? [])
        if (other !== row && !(isSerial && haveOtherMakers(row, other))) others.add(other.line);
    }
    if (others.size > 0) row.twins = [...others].sort((one, other) => one - other).slice(0, TWINS_SHOWN);
  }
}

function marksOf({ cells: { serial = null, mac = null } }: UnitRow): string[] {
  const told = serialOf({ serial });
  const macs = (mac ?? '').split(/[;；,]/).map((one) => one.trim().toLowerCase().replaceAll('-', ':'));
  return [
    ...(told === null ? [] : [`serial ${told}`]),
    ...(macsOf({ mac: macs.join(',') }) ?? []).map((one) => `mac ${one}`),
  ];
}

function haveOtherMakers({ cells: { maker: one } }: UnitRow, { cells: { maker: other } }: UnitRow): boolean {
  return Boolean(one && other) && one?.toLowerCase() !== other?.toLowerCase();
}
