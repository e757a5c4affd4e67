import { CitywatchError } from '../../core/errors.ts';
import { placeTypeOf } from '../file/place-types.ts';
import type { Column } from './column.ts';
import { type ColumnType, DAY, EXACT, listOf, NUMBER, oneOf, TEXT, Wrong, YES_OR_NO } from './column-types.ts';

const PLACE: ColumnType = {
  isExact: false,
  read: (text) => {
    const placeType = placeTypeOf(text);
    return placeType instanceof CitywatchError ? new Wrong(placeType.issues[0]!.message) : placeType;
  },
  write: (value: string) => value,
};

const SIZES = oneOf({ '1280x720': ['720P'], '1920x1080': ['1080P'], '2560x1440': ['1440P'], '3840x2160': ['4K'] });

/** Width and height, also with the signs that people write between them, and by the names of the usual ones. */
const RESOLUTION: ColumnType = {
  isExact: false,
  read: (text) => SIZES.read(text.replace(/\s*[×xX*＊]\s*/, 'x')),
  write: (value: string) => value,
};

const TIER = oneOf({
  police: ['一类', '一类点', '一类点位', '公安'],
  government: ['二类', '二类点', '二类点位', '政府'],
  social: ['三类', '三类点', '三类点位', '社会'],
});

const MOUNTING = oneOf({
  pole: ['立杆', '杆装'],
  gantry: ['龙门架', '门架'],
  wall: ['壁装', '墙装'],
  roof: ['楼顶', '屋顶'],
  tower: ['铁塔', '高塔'],
  ceiling: ['吸顶', '吊顶'],
  ground: ['地面'],
  vehicle: ['车载'],
  other: ['其他'],
});

const NETWORK = oneOf({
  police: ['公安网', '公安信息网'],
  video: ['视频专网'],
  government: ['政务外网', '政务网'],
  internet: ['互联网', '公网'],
  local: ['局域网', '孤网'],
});

const LINK = oneOf({
  fibre: ['光纤'],
  copper: ['网线', '双绞线'],
  wifi: ['WiFi', '无线局域网'],
  cellular: ['4G', '5G', '移动网络'],
  microwave: ['微波', '网桥'],
});

const POWER = oneOf({
  mains: ['市电'],
  poe: ['PoE供电'],
  solar: ['太阳能'],
  battery: ['电池'],
  vehicle: ['车载供电'],
});

/** Columns of the file of a point (一机一档). */
export const FILE_COLUMNS: readonly Column[] = [
  { name: 'gbId', titles: ['国标编号', '国标编码', '国标ID'], path: ['file', 'gbId'], type: EXACT, isUnique: true },
  { name: 'tier', titles: ['点位类别', '建设类别', '点位分类'], path: ['file', 'tier'], type: TIER },
  { name: 'placeType', titles: ['场所类型', '位置类型', '安装场所'], path: ['file', 'placeType'], type: PLACE },
  { name: 'address', titles: ['地址', '安装地址', '详细地址'], path: ['file', 'address'], type: TEXT },
  { name: 'owner', titles: ['所属部门', '权属单位', '责任单位'], path: ['file', 'owner'], type: TEXT },
  { name: 'heading', titles: ['朝向', '方位角'], path: ['file', 'heading'], type: NUMBER },
  { name: 'mounting', titles: ['安装方式'], path: ['file', 'mounting'], type: MOUNTING },
  { name: 'heightM', titles: ['安装高度', '架设高度'], path: ['file', 'heightM'], type: NUMBER },
  { name: 'lowLight', titles: ['低照度'], path: ['file', 'lowLight'], type: YES_OR_NO },
  { name: 'hlc', titles: ['强光抑制'], path: ['file', 'hlc'], type: YES_OR_NO },
  { name: 'wdr', titles: ['宽动态'], path: ['file', 'wdr'], type: YES_OR_NO },
  { name: 'resolution', titles: ['分辨率'], path: ['file', 'resolution'], type: RESOLUTION },
  { name: 'network', titles: ['网络', '接入网络', '所在网络'], path: ['file', 'network'], type: NETWORK },
  { name: 'link', titles: ['接入方式', '链路'], path: ['file', 'link'], type: LINK },
  { name: 'storageDays', titles: ['存储天数', '录像保存天数'], path: ['file', 'storageDays'], type: NUMBER },
  { name: 'maintainer', titles: ['维保单位', '运维单位'], path: ['file', 'maintainer'], type: TEXT },
  { name: 'warrantyEnd', titles: ['质保截止日期', '质保到期'], path: ['file', 'warrantyEnd'], type: DAY },
  { name: 'power', titles: ['供电方式', '取电方式'], path: ['file', 'power'], type: POWER },
  { name: 'circuit', titles: ['供电回路', '回路编号'], path: ['file', 'circuit'], type: EXACT },
  { name: 'pole', titles: ['杆号', '立杆编号', '杆件编号'], path: ['file', 'pole'], type: EXACT },
  { name: 'loginShared', titles: ['账号共用', '密码共用'], path: ['file', 'loginShared'], type: YES_OR_NO },
  { name: 'tags', titles: ['标签'], path: ['file', 'tags'], type: listOf(TEXT) },
];
