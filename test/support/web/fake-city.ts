/** What the made-up gateway of the tests of the page knows beside alerts. */
export const DEVICES = [
  { kind: 'camera', online: 11, offline: 1, stale: 0, silent: 0 },
  { kind: 'checkpoint', online: 4, offline: 0, stale: 0, silent: 0 },
  { kind: 'recycling-kiosk', online: 37, offline: 0, stale: 2, silent: 1 },
];
const BARE = { stream: false, fields: {}, events: {} };
const VALUES = { temp_c: { type: 'number', unit: '°C' }, smoke: { type: 'boolean' } };
export const KINDS = [
  { kind: 'camera', title: { en: 'Camera', zh: '摄像机' }, ...BARE, stream: true },
  { kind: 'checkpoint', title: { en: 'Vehicle checkpoint', zh: '卡口' }, ...BARE },
  { kind: 'recycling-kiosk', title: { en: 'Recycling kiosk', zh: '智能回收箱' }, ...BARE, fields: VALUES },
];

export const RULES = [
  { rule: 'kiosk-fire', version: 1, title: { en: 'Fire in a kiosk', zh: '回收箱火情' }, kinds: ['recycling-kiosk'] },
  { rule: 'camera-offline', version: 2, title: { en: 'Camera is away', zh: '摄像机失联' }, kinds: ['camera'] },
];
export const DISTRICTS = [
  { code: '330203', name: { en: 'Haishu', zh: '海曙区' } },
  { code: '330212', name: { en: 'Yinzhou', zh: '鄞州区' } },
];
