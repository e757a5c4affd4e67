/** Colours of plates, as passages and watchlists have them. English first, then Chinese. */
export const PLATE_TEXTS = {
  'plateColor.blue': ['blue plate', '蓝牌'],
  'plateColor.yellow': ['yellow plate', '黄牌'],
  'plateColor.green': ['green plate', '绿牌'],
  'plateColor.yellow-green': ['yellow-green plate', '黄绿牌'],
  'plateColor.white': ['white plate', '白牌'],
  'plateColor.black': ['black plate', '黑牌'],
} as const;
