import { NATIONWIDE } from '../../core/jurisdiction.ts';
import type { Selectable } from '../../platform/database/database.ts';
import type { AccessTables } from '../tables.ts';

type JurisdictionRow = Omit<Selectable<AccessTables['jurisdiction']>, 'members' | 'bounds' | 'shipped'>;
type Named = readonly [code: string, zh: string, en: string];

/** GB/T 2260: the provinces, cities, districts and counties of the four cities, as in force in 2026. */
const IN_FORCE: readonly Named[] = [
  [NATIONWIDE, '全国', 'China'],
  ['130000', '河北省', 'Hebei'],
  ['130300', '秦皇岛市', 'Qinhuangdao'],
  ['130302', '海港区', 'Haigang District'],
  ['130303', '山海关区', 'Shanhaiguan District'],
  ['130304', '北戴河区', 'Beidaihe District'],
  ['130306', '抚宁区', 'Funing District'],
  ['130321', '青龙满族自治县', 'Qinglong Manchu Autonomous County'],
  ['130322', '昌黎县', 'Changli County'],
  ['130324', '卢龙县', 'Lulong County'],
  ['220000', '吉林省', 'Jilin'],
  ['220400', '辽源市', 'Liaoyuan'],
  ['220402', '龙山区', 'Longshan District'],
  ['220403', '西安区', "Xi'an District"],
  ['220421', '东丰县', 'Dongfeng County'],
  ['220422', '东辽县', 'Dongliao County'],
  ['330000', '浙江省', 'Zhejiang'],
  ['330200', '宁波市', 'Ningbo'],
  ['330203', '海曙区', 'Haishu District'],
  ['330205', '江北区', 'Jiangbei District'],
  ['330206', '北仑区', 'Beilun District'],
  ['330211', '镇海区', 'Zhenhai District'],
  ['330212', '鄞州区', 'Yinzhou District'],
  ['330213', '奉化区', 'Fenghua District'],
  ['330225', '象山县', 'Xiangshan County'],
  ['330226', '宁海县', 'Ninghai County'],
  ['330281', '余姚市', 'Yuyao'],
  ['330282', '慈溪市', 'Cixi'],
  ['510000', '四川省', 'Sichuan'],
  ['510700', '绵阳市', 'Mianyang'],
  ['510703', '涪城区', 'Fucheng District'],
  ['510704', '游仙区', 'Youxian District'],
  ['510705', '安州区', 'Anzhou District'],
  ['510722', '三台县', 'Santai County'],
  ['510723', '盐亭县', 'Yanting County'],
  ['510725', '梓潼县', 'Zitong County'],
  ['510726', '北川羌族自治县', 'Beichuan Qiang Autonomous County'],
  ['510727', '平武县', 'Pingwu County'],
  ['510781', '江油市', 'Jiangyou'],
];

/** Codes the city plans still name, with the day of the State Council's decision and the code that followed. */
const ABOLISHED: readonly (readonly [...Named, day: string, successor: string])[] = [
  ['130323', '抚宁县', 'Funing County', '2015-07-23', '130306'],
  ['330204', '江东区', 'Jiangdong District', '2016-09-14', '330212'],
  ['330283', '奉化市', 'Fenghua City', '2016-09-14', '330213'],
  ['510724', '安县', 'An County', '2016-03-20', '510705'],
];

/** Districts that came into being in place of an abolished one, and not by merging. */
const FOUNDED: ReadonlyMap<string, string> = new Map([
  ['130306', '2015-07-23'],
  ['330213', '2016-09-14'],
  ['510705', '2016-03-20'],
]);

/** Rows of the table `jurisdiction`, parents and successors before those that name them. */
export const JURISDICTION_SEED: readonly JurisdictionRow[] = [
  ...IN_FORCE.map((named) => row(named, FOUNDED.get(named[0]) ?? null)),
  ...ABOLISHED.map(([code, zh, en, day, successor]) => ({ ...row([code, zh, en], null), valid_to: day, successor })),
];

function row([code, name_zh, name_en]: Named, validFrom: string | null): JurisdictionRow {
  return { code, name_zh, name_en, parent: parentOf(code), valid_from: validFrom, valid_to: null, successor: null };
}

function parentOf(code: string): string | null {
  if (code === NATIONWIDE) return null;
  if (code.endsWith('0000')) return NATIONWIDE;
  return code.endsWith('00') ? `${code.slice(0, 2)}0000` : `${code.slice(0, 4)}00`;
}
