/** Of second screens. English first, then Chinese. */
export const DISPLAY_TEXTS = {
  'display.token': ['Token of this screen', '此屏幕的令牌'],
  'display.hint': [
    'An administrator makes it in "Manage", "Second screens", and for the address of this screen alone.',
    '由管理员在“管理 → 大屏”中为此屏幕的地址生成。',
  ],
  'display.begin': ['Sign this screen in', '登录此屏幕'],
  'display.busy': ['Signing in…', '正在登录…'],
  'display.wrong': [
    'This token does not count here: it was used, is older than a day, was revoked, or is for another address.',
    '该令牌无效：已被使用、超过一天、已被吊销，或属于其他地址。',
  ],
  'display.person': [
    'Somebody is signed in here. Second screens are signed in where nobody is.',
    '当前浏览器已有人员登录。请先退出，再登录大屏。',
  ],
  'display.ended': ['This screen is not registered any more.', '此屏幕已被取消登记。'],
  'display.silent': [
    'The gateway does not answer. What stands here is {age} old.',
    '网关没有响应，以下为 {age} 前的内容。',
  ],
  'display.nothing': [
    'The cameras of this screen are gone, or are not shared any more.',
    '此屏幕的摄像机已不存在或不再共享。',
  ],
  'display.login': ['Sign in as a person', '人员登录'],
} as const;
