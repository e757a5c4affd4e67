/** What the made-up gateway of the tests of the page knows beside alerts. */
export const DEVICES = [
  { kind: 'camera', online: 11, offline: 1, stale: 0, silent: 0 },
  { kind: 'checkpoint', online: 4, offline: 0, stale: 0, silent: 0 },
  { kind: 'recycling-kiosk', online: 37, offline: 0, stale: 2, silent: 1 },
];
const TIMES = { version: 1, codec: 'json', periodS: 60, staleAfterS: 300 };
const BARE = { stream: false, fields: {}, events: {}, commands: {}, ...TIMES };
const READ = { plate: { type: 'text', sensitive: 'plate' }, speedKmh: { type: 'number', unit: 'km/h' } };
const READS = { passage: { fields: READ, required: [] }, overspeed: { fields: READ, required: [] } };
const SLOTS = { type: 'integer', unit: null, title: { en: 'Free slots', zh: '空闲格' } };
const VALUES = { temp_c: { type: 'number', unit: '°C' }, smoke: { type: 'boolean' }, free_slots: SLOTS };
export const KINDS = [
  { kind: 'camera', title: { en: 'Camera', zh: '摄像机' }, ...BARE, stream: true },
  { kind: 'checkpoint', title: { en: 'Vehicle checkpoint', zh: '卡口' }, ...BARE, events: READS },
  { kind: 'recycling-kiosk', title: { en: 'Recycling kiosk', zh: '智能回收箱' }, ...BARE, fields: VALUES },
];

const JUDGED = { severity: 'extreme', class: 'incident', condition: { type: 'threshold' } };
export const RULES = [
  { rule: 'kiosk-fire', title: { en: 'Fire in a kiosk', zh: '回收箱火情' }, kinds: ['recycling-kiosk'] },
  { rule: 'camera-offline', title: { en: 'Camera is away', zh: '摄像机失联' }, kinds: ['camera'] },
].map((rule, at) => ({ version: at + 1, ...JUDGED, ...rule }));
export const DISTRICTS = [
  { code: '330203', name: { en: 'Haishu', zh: '海曙区' }, parent: '330200', positions: 40 },
  { code: '330212', name: { en: 'Yinzhou', zh: '鄞州区' }, parent: '330200', positions: 20 },
];
