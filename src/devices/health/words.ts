import type { Cause, Verdict } from './judge.ts';

/** The same sentence for people of both languages. */
export interface Words {
  en: string;
  zh: string;
}

const ONVIF: Record<string, Words> = {
  unreachable: { en: 'it cannot be reached', zh: '无法连接' },
  timeout: { en: 'it answers too slowly', zh: '应答过慢' },
  auth: { en: 'it refuses the login', zh: '拒绝登录' },
  'clock-skew': { en: 'its clock is wrong', zh: '时钟不准' },
  'other-unit': { en: 'another unit answers than the registered one', zh: '应答的不是登记的设备' },
};

const STREAM: Record<string, Words> = {
  unreachable: { en: 'it cannot be reached', zh: '无法连接' },
  auth: { en: 'it refuses the login', zh: '拒绝登录' },
  timeout: { en: 'it does not answer in time', zh: '应答超时' },
  stalled: { en: 'it stopped sending', zh: '停止发送' },
  closed: { en: 'it ended the stream', zh: '已断开视频流' },
};

/** What is wrong, without the time. `because` is the device that explains it; null where it may not be named. */
const SENTENCES: Record<Cause, (detail: string | null, because: string | null) => Words> = {
  parent: (_detail, because) => ({
    en: `${because ?? 'What it hangs on'} explains it: look there first.`,
    zh: `原因在${because ? ` ${because}` : '上级设备'}，请先检查该处。`,
  }),
  'children-together': (detail) => ({
    en: `Devices on it went offline at once (${detail}): check its power and its uplink.`,
    zh: `其下设备同时离线（${detail}）：请检查供电和上联网络。`,
  }),
  'no-answer': () => ({ en: 'It does not answer at its address.', zh: '在登记地址无应答。' }),
  'connection-lost': () => ({ en: 'Its MQTT connection broke and did not come back.', zh: 'MQTT 连接中断且未恢复。' }),
  'said-offline': () => ({
    en: 'It said that it goes offline, or its will did.',
    zh: '设备（或其遗嘱消息）报告离线。',
  }),
  silent: () => ({ en: 'It has sent nothing for longer than its kind allows.', zh: '超过规定时间未上报任何数据。' }),
  onvif: (detail) => ({
    en: `It answers, but not over ONVIF as it should: ${ONVIF[detail ?? '']?.en ?? detail}.`,
    zh: `可连接，但 ONVIF 异常：${ONVIF[detail ?? '']?.zh ?? detail}。`,
  }),
  stream: (detail) => ({
    en: `It answers, but gives no picture: ${STREAM[detail ?? '']?.en ?? detail}.`,
    zh: `可连接，但没有图像：${STREAM[detail ?? '']?.zh ?? detail}。`,
  }),
  'no-data': () => ({ en: 'It is connected, but sends no data.', zh: '已连接，但没有上报数据。' }),
  'never-heard': () => ({ en: 'Nothing was ever heard of it.', zh: '从未上报。' }),
};

/** Why a device is not online, in a sentence; null where it is. */
export function wordsOf({ cause, detail }: Pick<Verdict, 'cause' | 'detail'>, because: string | null): Words | null {
  return cause && SENTENCES[cause](detail, because);
}
