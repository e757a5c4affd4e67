import { type CitywatchError, invalid } from '../../core/errors.ts';

/**
 * What kind of place a position is, in the words that integrators write and in Chinese. The first ten are those of the
 * catalogue of GB/T 28181 (PositionType 1 to 10), in its order.
 */
export const PLACE_TYPES = {
  'border-checkpoint': '省际检查站',
  authority: '党政机关',
  station: '车站码头',
  square: '中心广场',
  stadium: '体育场馆',
  'business-centre': '商业中心',
  religious: '宗教场所',
  campus: '校园周边',
  'public-order': '治安复杂区域',
  'main-road': '交通干线',
  street: '街巷',
  residential: '居民小区',
  village: '村庄',
  park: '公园景区',
  hospital: '医院',
  school: '学校',
  kindergarten: '幼儿园',
  market: '市场',
  bank: '金融网点',
  factory: '工业企业',
  'construction-site': '在建工地',
  'parking-lot': '停车场',
  tunnel: '隧道桥梁',
  water: '水域水利',
  utility: '水电气设施',
  vehicle: '车辆',
  other: '其他',
} as const satisfies Record<string, string>;

export type PlaceType = keyof typeof PLACE_TYPES;

/**
 * Where the law lets nobody put up what takes pictures (Decree 799 of the State Council, 2025): rooms that people
 * sleep, wash, change or nurse in. With the Chinese words a spreadsheet may have for each.
 */
const FORBIDDEN_PLACES = {
  'hotel-room': ['客房', '宾馆房间', '酒店房间', '旅馆房间'],
  'private-dining-room': ['包间', '包厢'],
  dormitory: ['宿舍', '寝室', '值班休息室', '休息室'],
  bath: ['浴室', '淋浴间', '澡堂', '洗浴'],
  toilet: ['卫生间', '厕所', '洗手间', '公厕'],
  'changing-room': ['更衣室', '更衣间', '试衣间', '换衣间'],
  'nursing-room': ['哺乳室', '母婴室', '哺乳间'],
} as const satisfies Record<string, readonly string[]>;

const REFUSAL =
  'no device may stand in such a room (Decree 799: no pictures where people sleep, wash, change or nurse); ' +
  'take it off the plan, or name the type of the place outside the door where it really stands';

/** What is wrong with a place type; null where it is one at which a device may stand. */
export function placeTypeRefusal(code: string): string | null {
  if (Object.hasOwn(PLACE_TYPES, code)) return null;
  return Object.hasOwn(FORBIDDEN_PLACES, code) ? REFUSAL : `must be one of ${Object.keys(PLACE_TYPES).join(', ')}`;
}

/** Errors: `request.invalid` for a place at which no device may stand. */
export function checkPlaceType(placeType: string | null): void {
  const refusal = placeType === null ? null : placeTypeRefusal(placeType);
  if (refusal !== null) throw invalid('file.placeType', refusal);
}

/**
 * The place type that a person wrote, as code or in Chinese. Errors, as a value: `request.invalid` for a forbidden
 * place, also where its word is a part of the text (女更衣室), and for one that is not known.
 */
export function placeTypeOf(text: string, path = 'file.placeType'): PlaceType | CitywatchError {
  const written = text.trim();
  const code = written.toLowerCase();
  const isForbidden = Object.hasOwn(FORBIDDEN_PLACES, code) || holdsForbidden(written);
  if (isForbidden) return invalid(path, `${written}: ${REFUSAL}`);
  if (Object.hasOwn(PLACE_TYPES, code)) return code as PlaceType;
  const known = Object.entries(PLACE_TYPES).find(([, chinese]) => chinese === written);
  if (known) return known[0] as PlaceType;
  return invalid(path, `must be one of ${placeTypesInWords()}`);
}

function holdsForbidden(text: string): boolean {
  return Object.values(FORBIDDEN_PLACES).some((words) => words.some((word) => text.includes(word)));
}

function placeTypesInWords(): string {
  return Object.entries(PLACE_TYPES)
    .map(([code, chinese]) => `${code} (${chinese})`)
    .join(', ');
}
