import { computed, signal } from '@preact/signals';

/** Every text of the console, in both languages. `{name}` is filled in by `t`. */
const TEXTS = {
  'app.name': ['citywatch', 'citywatch 城市设备网关'],
  'login.title': ['Sign in', '登录'],
  'login.user': ['User name', '用户名'],
  'login.password': ['Password', '密码'],
  'login.submit': ['Sign in', '登录'],
  'login.busy': ['Signing in…', '正在登录…'],
  'login.wrong': ['User name or password is wrong.', '用户名或密码错误。'],
  'login.ended': ['Your session has ended. Please sign in again.', '会话已结束，请重新登录。'],
  logout: ['Sign out', '退出'],
  'language.other': ['中文', 'English'],
  loading: ['Loading…', '正在加载…'],
  close: ['Close', '关闭'],

  'error.offline': ['The gateway does not answer.', '网关没有响应。'],
  'error.rate': ['Too many attempts. Please wait {s} s.', '尝试次数过多，请等待 {s} 秒。'],
  'error.forbidden': ['Your role does not allow this.', '您的角色无权执行此操作。'],
  'error.gone': ['This is no longer there.', '该内容已不存在。'],
  'error.other': ['The gateway refused this (status {status}).', '网关拒绝了该请求（状态码 {status}）。'],

  'link.live': ['Live', '实时'],
  'link.connecting': ['Connecting', '连接中'],
  'link.silent': ['No contact', '失去联系'],
  'link.forbidden': ['No alerts', '无告警权限'],
  'banner.silent': [
    'No news from the gateway for {s} s. New alerts may be missing here. Trying again…',
    '已 {s} 秒未收到网关消息，新告警可能未显示。正在重新连接…',
  ],
  'sound.on': ['Sound is on', '声音已开启'],
  'sound.waiting': ['Sound starts with your first click', '点击页面任意处后开启声音'],
  'sound.off': ['Sound is off', '声音已关闭'],
  'sound.hint': ['A tone for each new extreme or severe alert', '出现特别重大或重大告警时发出提示音'],

  'state.online': ['online', '在线'],
  'state.offline': ['offline', '离线'],
  'state.stale': ['stale', '数据过期'],
  'state.silent': ['never heard', '从未上报'],
  'overview.devices': ['Devices', '设备'],
  'overview.rate': ['Messages per second', '每秒消息数'],
  'overview.alerts': ['Open alerts', '未关闭告警'],
  'overview.old': ['These numbers are {s} s old.', '以下数字为 {s} 秒前的数据。'],
  'overview.none': ['No devices yet', '暂无设备'],

  'severity.extreme': ['Extreme', '特别重大'],
  'severity.severe': ['Severe', '重大'],
  'severity.moderate': ['Moderate', '较大'],
  'severity.minor': ['Minor', '一般'],
  'letter.extreme': ['E', '特'],
  'letter.severe': ['S', '重'],
  'letter.moderate': ['M', '较'],
  'letter.minor': ['L', '般'],

  'cameras.title': ['Cameras', '视频'],
  'cameras.none': ['No camera is registered.', '尚未登记摄像机。'],
  'cameras.failed': ['The cameras could not be read.', '无法读取摄像机列表。'],
  'cameras.previous': ['Previous cameras', '上一组摄像机'],
  'cameras.next': ['Next cameras', '下一组摄像机'],
  'tile.enlarge': ['Enlarge {name}', '放大 {name}'],
  'tile.starting': ['connecting', '连接中'],
  'tile.playing': ['live', '实时'],
  'tile.paused': ['paused', '已暂停'],
  'tile.stalled': ['picture stands still, reconnecting', '画面停滞，正在重连'],
  'tile.trouble': ['no picture, trying again: {reason}', '无画面，正在重试：{reason}'],
  'tile.lowered': ['live, small: the gateway is busy', '实时小画面：网关繁忙'],
  'tile.nopicture': ['no picture, trying again', '无画面，正在重试'],
  'tile.full': ['too many streams, trying again', '视频路数已满，正在重试'],
  'tile.forbidden': ['not yours to see', '无权查看'],
  'tile.nostream': ['has no stream', '无视频流'],
  'tile.busy': ['stills for a minute: the gateway is busy', '网关繁忙，暂以静态画面显示'],
  'tile.small': ['live, small: this browser cannot show {codec}', '实时小画面：此浏览器不支持 {codec}'],
  'tile.stills': ['stills: this browser cannot show {codec}', '静态画面：此浏览器不支持 {codec}'],
  'tile.unsupported': ['This browser cannot play this video', '浏览器不支持此视频'],

  'reason.auth': ['the camera refuses the login', '摄像机拒绝登录'],
  'reason.unreachable': ['the camera cannot be reached', '无法连接摄像机'],
  'reason.timeout': ['the camera does not answer', '摄像机无响应'],
  'reason.stalled': ['the camera stopped sending', '摄像机停止发送视频'],
  'reason.no-key-frame': ['the camera sends no complete picture', '摄像机未发送完整画面'],
  'reason.codec-unsupported': ['the camera sends neither H.264 nor H.265', '摄像机视频编码不是 H.264 或 H.265'],
  'reason.nonsense': ['what the camera sends makes no sense', '摄像机发送的数据无法识别'],
  'reason.refused': ['the camera refuses this stream', '摄像机拒绝该码流'],
  'reason.closed': ['the camera ended the stream', '摄像机结束了码流'],
  'reason.redirect': ['the camera sends us elsewhere', '摄像机要求转到其他地址'],
  'reason.other-unit': ['another camera answers', '应答的是另一台摄像机'],
  'reason.refused-address': ['its address may not be contacted', '其地址不允许访问'],
  'reason.elsewhere': ['another gateway pulls this camera', '该摄像机由其他网关取流'],
  'reason.ffmpeg': ['the video process ended', '视频进程已结束'],
  'reason.not-started': ['the video process could not be started', '视频进程无法启动'],
  'reason.lookup': ['the camera could not be looked up', '无法查询摄像机'],
  'reason.busy': ['there is too much to do for one more mosaic', '负载过高，无法再生成拼接画面'],
  'reason.no-address': ['it has no stream address', '未登记码流地址'],
  'reason.stopped': ['the gateway is being stopped', '网关正在停止'],
  'reason.no-lease': ['the database does not answer', '数据库无响应'],

  'alerts.title': ['Alerts', '告警'],
  'alerts.faults': ['Maintenance', '设备维护'],
  'alerts.none': ['No alerts. All is quiet.', '暂无告警，一切正常。'],
  'alerts.loading': ['Reading alerts…', '正在读取告警…'],
  'alerts.failed': ['The alerts could not be read. Trying again…', '无法读取告警，正在重试…'],
  'alerts.forbidden': ['Your role does not see alerts.', '您的角色无权查看告警。'],
  'alerts.new': ['{n} new', '{n} 条新告警'],
  'alerts.newHint': ['Show new alerts (n)', '显示新告警 （n）'],
  'alerts.more': ['More alerts', '更多告警'],
  'alerts.keys': [
    'Keys: j down · k up · a acknowledge · Enter details · n new',
    '快捷键：j 下 · k 上 · a 确认 · Enter 详情 · n 新告警',
  ],
  'alerts.announce': ['{severity}: {title}, {place}', '{severity}告警：{title}，{place}'],
  'alert.ago': ['{age} ago', '{age}前'],
  'alert.times': ['{n} times', '{n} 次'],
  'alert.ack': ['Acknowledge', '确认'],
  'alert.close': ['Close…', '关闭…'],
  'alert.closeAs': ['Close as', '关闭原因'],
  'alert.details': ['Details', '详情'],
  'alert.comment': ['Comment', '备注'],
  'alert.commentSend': ['Add comment', '添加备注'],
  'alert.picture': ['Picture from {camera}', '{camera} 的画面'],
  'alert.noPicture': ['No picture', '无画面'],
  'alert.waiting': ['Picture is on its way', '正在获取画面'],
  'alert.data': ['Reported', '上报内容'],
  'alert.firstAt': ['First seen', '首次发生'],
  'alert.device': ['Device', '设备编号'],
  'alert.district': ['District', '区划代码'],
  'alert.ackedBy': ['acknowledged by {name}', '{name} 已确认'],
  'alert.closedBy': ['closed by {name}', '{name} 已关闭'],
  'alert.dispatched': ['{unit} is on its way', '已派出 {unit}'],
  'alert.onScene': ['{unit} is there', '{unit} 已到场'],
  'alert.assignedTo': ['assigned to {name}', '已指派给 {name}'],
  'alert.raceAck': ['{name} was first: acknowledged at {time}.', '{name} 已于 {time} 抢先确认。'],
  'alert.raceClosed': ['{name} has closed it at {time}.', '{name} 已于 {time} 关闭该告警。'],
  'condition.active': ['active', '持续中'],
  'condition.recovering': ['recovering', '恢复中'],
  'condition.cleared': ['cleared', '已恢复'],
  'condition.stale': ['stale', '数据过期'],
  'handling.new': ['new', '未处理'],
  'verdict.confirmed': ['Confirmed', '属实'],
  'verdict.false_positive': ['False alarm', '误报'],
  'verdict.misread_plate': ['Plate misread', '车牌误识'],
  'verdict.duplicate': ['Duplicate', '重复'],
  'verdict.drill': ['Drill', '演练'],
  'verdict.no_action': ['No action needed', '无需处置'],

  'age.s': ['{n} s', '{n} 秒'],
  'age.min': ['{n} min', '{n} 分钟'],
  'age.h': ['{n} h', '{n} 小时'],
  'age.d': ['{n} d', '{n} 天'],
} as const;

export type TextKey = keyof typeof TEXTS;
export type Language = 'en' | 'zh';

const CHOICE = 'citywatch.language';

export const language = signal<Language>(chosen() ?? ofBrowser(navigator.languages));

/** The language tag for `lang` attributes and for dates. */
export const locale = computed(() => (language.value === 'zh' ? 'zh-CN' : 'en-GB'));

export function t(key: TextKey, fill: Record<string, string | number> = {}): string {
  const text = TEXTS[key][language.value === 'zh' ? 1 : 0];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(fill[name] ?? whole));
}

/** A text whose key is put together from what the gateway says; what this page does not know is shown as it is. */
export function tOf(prefix: string, word: string): string {
  const key = `${prefix}.${word}`;
  return Object.hasOwn(TEXTS, key) ? t(key as TextKey) : word;
}

export function switchLanguage(): void {
  language.value = language.value === 'zh' ? 'en' : 'zh';
  try {
    localStorage.setItem(CHOICE, language.value);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
}

/** The first language of the browser that this page speaks. */
export function ofBrowser(languages: readonly string[]): Language {
  for (const tag of languages) {
    if (/^zh\b/i.test(tag)) return 'zh';
    if (/^en\b/i.test(tag)) return 'en';
  }
  return 'en';
}

function chosen(): Language | null {
  try {
    const stored = localStorage.getItem(CHOICE);
    return stored === 'zh' || stored === 'en' ? stored : null;
  } catch {
    return null;
  }
}

/** How long ago, in the largest whole unit. */
export function age(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1_000));
  if (s < 60) return t('age.s', { n: s });
  if (s < 3_600) return t('age.min', { n: Math.floor(s / 60) });
  if (s < 86_400) return t('age.h', { n: Math.floor(s / 3_600) });
  return t('age.d', { n: Math.floor(s / 86_400) });
}

/** Time of day here; with the date when that is not today. */
export function clockTime(rfc3339: string, nowMs: number): string {
  const at = new Date(rfc3339);
  const today = new Date(nowMs).toDateString() === at.toDateString();
  const day = today ? {} : ({ month: '2-digit', day: '2-digit' } as const);
  return new Intl.DateTimeFormat(locale.value, {
    ...day,
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).format(at);
}
