import type { Column } from './column.ts';
import { EXACT, listOf, NUMBER, oneOf, plain, TEXT, YES_OR_NO } from './column-types.ts';
import { FILE_COLUMNS } from './file-columns.ts';
import { CERTIFICATE_COLUMNS, UNIT_COLUMNS } from './unit-columns.ts';

export type { Column } from './column.ts';

const DATUM = oneOf({
  wgs84: ['WGS-84', 'CGCS2000', '大地2000', 'GPS'],
  gcj02: ['GCJ-02', '火星坐标', '国测局', '高德', '腾讯'],
});

const ACCESS = oneOf({ public: ['公开'], 'key-site': ['重点单位', '重点'], minors: ['未成年人', '涉未成年人'] });

const STATE = oneOf({
  planned: ['规划', '规划中', '未建'],
  installed: ['已安装', '待验收'],
  accepted: ['已验收'],
  'in-service': ['在用', '在网', '已启用'],
});

/**
 * Every column there is. A new field of a device is a row here; titles, cells of spreadsheets, dry runs, changes and
 * exports know it from the list.
 */
export const COLUMNS: readonly Column[] = [
  {
    name: 'id',
    titles: ['编号', '设备编号', '点位编号', '设备编码', '点位编码', 'code'],
    path: ['id'],
    type: EXACT,
    isUnique: true,
  },
  { name: 'kind', titles: ['类型', '设备类型', '种类', 'type'], path: ['kind'], type: TEXT },
  { name: 'name', titles: ['名称', '点位名称', '设备名称'], path: ['name'], type: TEXT },
  {
    name: 'jurisdiction',
    titles: ['行政区划', '行政区划代码', '区划代码', '辖区'],
    path: ['jurisdiction'],
    type: TEXT,
  },
  { name: 'lat', titles: ['纬度', 'latitude'], path: ['location', 'lat'], type: NUMBER },
  { name: 'lon', titles: ['经度', 'longitude', 'lng'], path: ['location', 'lon'], type: NUMBER },
  { name: 'datum', titles: ['坐标系', '坐标系统'], path: ['location', 'datum'], type: DATUM },
  { name: 'parent', titles: ['上级', '上级编号', '上级设备'], path: ['parent'], type: EXACT },
  { name: 'cameras', titles: ['摄像机', '关联摄像机', '周边摄像机'], path: ['cameras'], type: listOf(EXACT) },
  { name: 'purpose', titles: ['用途', '建设用途'], path: ['purpose'], type: TEXT },
  { name: 'accessClass', titles: ['访问等级', '查看等级'], path: ['accessClass'], type: ACCESS },
  {
    name: 'police',
    titles: ['公安机构', '派出所', '派出所代码', '公安机构代码'],
    path: ['police'],
    type: EXACT,
    isSeen: true,
  },
  ...FILE_COLUMNS,
  ...UNIT_COLUMNS,
  ...CERTIFICATE_COLUMNS,
  { name: 'streamUrl', titles: ['视频地址', '主码流', '取流地址', 'rtsp'], path: ['stream', 'url'], type: EXACT },
  { name: 'subStreamUrl', titles: ['子码流', '子码流地址'], path: ['stream', 'subUrl'], type: EXACT },
  { name: 'onvifAddress', titles: ['ONVIF地址', 'onvif'], path: ['onvif', 'xaddr'], type: EXACT },
  { name: 'onvifUser', titles: ['ONVIF用户名', '用户名'], path: ['onvif', 'username'], type: EXACT, isSecret: true },
  { name: 'onvifPassword', titles: ['ONVIF密码', '密码'], path: ['onvif', 'password'], type: EXACT, isSecret: true },
  { name: 'onvifSource', titles: ['视频源', '视频源标识'], path: ['onvif', 'source'], type: EXACT },
  { name: 'onvifFingerprint', titles: ['证书指纹', 'SHA256指纹'], path: ['onvif', 'fingerprint'], type: EXACT },
  { name: 'secret', titles: ['设备密钥', '密钥'], path: ['secret'], type: EXACT, isSecret: true, isOnlyForNew: true },
  { name: 'state', titles: ['建设状态', '状态'], path: ['state'], type: STATE, isOnlyForNew: true },
  { name: 'confirm', titles: ['确认', '确认位置'], path: ['confirm'], type: YES_OR_NO, isSecret: true },
];

export const ID = COLUMNS[0]!;

const BY_TITLE = new Map(COLUMNS.flatMap((column) => titlesOf(column).map((title) => [title, column])));

const BY_NAME = new Map(COLUMNS.map((column) => [column.name, column]));

/** The column that a person means by a title; undefined for one that is none. */
export function columnTitled(title: string): Column | undefined {
  return BY_TITLE.get(plain(title)) ?? BY_TITLE.get(plain(title.replace(/[(（[【][^)）\]】]*[)）\]】]?\s*$/, '')));
}

export function columnNamed(name: string): Column | undefined {
  return BY_NAME.get(name);
}

/** How a column is called to people: `lat (纬度)`. */
export function titleOf({ name, titles }: Column): string {
  return `${name} (${titles[0]})`;
}

/** The column of which a fault at this path of a device speaks; undefined for one of the device as a whole. */
export function columnAt(path: readonly PropertyKey[]): Column | undefined {
  const isBelow = (column: Column): boolean => column.path.every((key, index) => path[index] === key);
  const isAbove = (column: Column): boolean => path.every((key, index) => column.path[index] === key);
  if (path.length === 0) return undefined;
  return COLUMNS.find(isBelow) ?? COLUMNS.find(isAbove);
}

function titlesOf({ name, titles }: Column): string[] {
  return [name, ...titles].map(plain);
}
