import { readFile } from 'node:fs/promises';
import { messageOf } from '../../../core/errors.ts';
import { fine, problem, type Remark } from '../../../core/setup/remarks.ts';
import type { MqttSettings } from '../mqtt/settings.ts';
import { EXTERNAL_MQTT_DEFAULTS } from './options.ts';
import { askBroker, type BrokerAnswer } from './probe.ts';

/** The broker behind MQTT_URL, where one is set: whether it is there, believes us and can do what we need. */
export async function checkBroker({ url, caFile }: MqttSettings, signal: AbortSignal): Promise<Remark[]> {
  if (url === null) return [];
  let ca: Buffer | null = null;
  try {
    ca = caFile === null ? null : await readFile(caFile);
  } catch (error) {
    return [problem('mqtt', `MQTT_CA_FILE cannot be read (${messageOf(error)})`, 'name a PEM file that we may read')];
  }
  const answer = await askBroker({ ...EXTERNAL_MQTT_DEFAULTS, url, clientId: '', ca }, signal);
  return [judgeBroker(answer)];
}

/** A certificate that does not fit: its issuer, its name or its time. */
const TLS_CODE = /CERT|SIGNATURE|^ERR_(TLS|SSL)|EPROTO/;
const REFUSALS: Record<number, [what: string, remedy: string]> = {
  1: ['does not speak MQTT 5', 'use a broker that does'],
  132: ['does not speak MQTT 5', 'use a broker that does'],
  133: ['refuses the client id', 'let any client id of citywatch in'],
  137: ['is busy', 'try again'],
  138: ['has banned us', 'take us off its list'],
};

export function judgeBroker(answer: BrokerAnswer): Remark {
  if (answer.type === 'fits') return fine('mqtt', 'the broker lets us in');
  if (answer.type === 'unfit') return problem('mqtt', answer.why, 'change its configuration, or use another broker');
  if (answer.type === 'refused') {
    if ([4, 5, 134, 135].includes(answer.code)) {
      return problem('mqtt', 'the broker refuses user or password', 'check user and password in MQTT_URL');
    }
    const [what, remedy] = REFUSALS[answer.code] ?? [`refuses us with code ${answer.code}`, 'see what its log says'];
    return problem('mqtt', `the broker ${what}`, remedy);
  }
  const code = answer.code ?? '';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return problem('mqtt', `the name of the broker leads nowhere (${code})`, 'check the host in MQTT_URL');
  }
  if (TLS_CODE.test(code)) {
    const remedy = 'set MQTT_CA_FILE to who issued it, and MQTT_URL to the name it is for';
    return problem('mqtt', `the certificate of the broker is not believed (${code})`, remedy);
  }
  const what = `the broker does not answer${code === '' ? '' : ` (${code})`}`;
  return problem('mqtt', what, 'check host, port and scheme (mqtt:// or mqtts://) in MQTT_URL, and that it runs');
}
