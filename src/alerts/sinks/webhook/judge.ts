import { HOUR_MS } from '../../../core/clock.ts';
import { objectIn, type Posted } from '../http/post.ts';
import type { Destination, ReceiverCheck } from '../sink.ts';
import { createWebhookSecret, signWebhook } from './signature.ts';

/** An honest receiver answers a test at once. */
const CHECK_DEADLINE_MS = 5_000;
/** Standard Webhooks: what is older than five minutes is a replay. */
const OLD_S = HOUR_MS / 1000;

export interface ReceiverAsked {
  nowMs(): number;
  post(request: { headers: Record<string, string>; body: string; deadlineMs: number }): Promise<Posted>;
}

interface Message {
  id: string;
  body: string;
  /** JSON when absent. */
  contentType?: string;
}

type Signed = Message & { timestampS: number; secrets: readonly string[] };

/**
 * Sends a test as it should be, the same again, and four that a receiver must refuse. Tells what is seen from outside:
 * the status of each answer, and `effects`, how often the effect of that id has happened, where the receiver says so.
 * One that does not take what is right is asked nothing more.
 */
export async function judgeReceiver(
  message: Message,
  { nowMs, post }: ReceiverAsked,
  { secrets }: Destination,
): Promise<ReceiverCheck[]> {
  const timestampS = Math.floor(nowMs() / 1000);
  const right: Signed = { ...message, timestampS, secrets: secrets.secret ?? [] };
  const send = (headers: Record<string, string>, body = message.body) =>
    post({ headers, body, deadlineMs: CHECK_DEADLINE_MS });
  const first = await send(headersOf(right));
  const checks: ReceiverCheck[] = [checkOfFirst(first)];
  if (first.result.outcome !== 'taken') return checks;
  checks.push(checkOfSecond(await send(headersOf(right))));
  const other = { ...right, id: `${message.id}_forged`, secrets: [createWebhookSecret()] };
  checks.push(refusal('wrong-signature', await send(headersOf(other))));
  const { 'webhook-signature': _, ...unsigned } = headersOf({ ...right, id: `${message.id}_unsigned` });
  checks.push(refusal('no-signature', await send(unsigned)));
  const changed = headersOf({ ...right, id: `${message.id}_changed` });
  checks.push(refusal('changed-body', await send(changed, `${message.body} `)));
  const old = { ...right, id: `${message.id}_old`, timestampS: timestampS - OLD_S };
  checks.push(refusal('old-timestamp', await send(headersOf(old))));
  return checks;
}

function headersOf({ id, timestampS, body, secrets, contentType }: Signed): Record<string, string> {
  return {
    ...(contentType === undefined ? {} : { 'content-type': contentType }),
    'webhook-id': id,
    'webhook-timestamp': String(timestampS),
    'webhook-signature': signWebhook(secrets, { id, timestampS, body }),
  };
}

function checkOfFirst({ result }: Posted): ReceiverCheck {
  const { status } = result;
  if (result.outcome === 'taken')
    return { name: 'taken', verdict: 'passed', status, says: 'It takes a right message.' };
  return { name: 'taken', verdict: 'failed', status, says: result.reason };
}

function checkOfSecond({ result, body }: Posted): ReceiverCheck {
  const { status } = result;
  const name = 'again';
  if (result.outcome !== 'taken') {
    const says = 'It refuses a message that it took before: it would be sent again for 72 h. Answer 2xx.';
    return { name, verdict: 'failed', status, says };
  }
  const effects = objectIn(body)?.effects;
  if (effects === 1) return { name, verdict: 'passed', status, says: 'It says that the effect happened once.' };
  if (typeof effects === 'number') {
    const says = `It says that the effect happened ${effects} times: remember webhook-id, and do each once.`;
    return { name, verdict: 'failed', status, says };
  }
  const says =
    'It takes the same message twice. Whether it acts once is not seen: answer {"effects": <times>} to tell.';
  return { name, verdict: 'unclear', status, says };
}

const TAKEN_ALTHOUGH: Record<'wrong-signature' | 'no-signature' | 'changed-body' | 'old-timestamp', string> = {
  'wrong-signature': 'It takes what another secret signed: anybody can send it alerts. Check webhook-signature.',
  'no-signature': 'It takes what nobody signed: anybody can send it alerts. Ask for webhook-signature.',
  'changed-body': 'It takes a body that is not the one that was signed. Check the bytes as they came.',
  'old-timestamp':
    'It takes what was signed an hour ago: what was overheard can be sent again. Check webhook-timestamp.',
};

function refusal(name: keyof typeof TAKEN_ALTHOUGH, { result }: Posted): ReceiverCheck {
  const { status } = result;
  if (result.outcome === 'taken') return { name, verdict: 'failed', status, says: TAKEN_ALTHOUGH[name] };
  if (result.outcome === 'gone') {
    const says = 'It answers 410, which ends a subscription: anybody could have it ended. Answer 400 or 401.';
    return { name, verdict: 'failed', status, says };
  }
  if (status !== null && status >= 400 && status < 500) {
    return { name, verdict: 'passed', status, says: 'It refuses it.' };
  }
  return {
    name,
    verdict: 'unclear',
    status,
    says: `It is not taken, but not refused with 4xx either. ${result.reason}`,
  };
}
