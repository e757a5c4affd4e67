import { RECEIVER_NETWORKS, WebhookReceiver } from '../../../test/support/alerts/webhook-receiver.ts';
import { ADMIN_TOKEN, type Gateway } from '../../../test/support/gateway/gateway.ts';
import { quantiles } from '../harness.ts';

export { RECEIVER_NETWORKS };

/** A command centre in a process of its own, so that what is measured does not wait for who is told. */
export type ReceiverOrder =
  | { do: 'subscribe'; httpUrl: string }
  /** How many openings it has had since the last such order, and forgets them. */
  | { do: 'count' };

export interface ReceiverResult {
  opened: number;
  refused: number;
  /** From when the device says that it happened, by its own clock. */
  delays: ReturnType<typeof quantiles> | null;
}

let receiver: WebhookReceiver | null = null;

async function obey(order: ReceiverOrder): Promise<ReceiverResult> {
  if (order.do === 'subscribe') {
    const api = async (method: string, path: string, { body }: { body?: object } = {}) => {
      const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' };
      const answer = await fetch(`${order.httpUrl}/api/v1${path}`, { method, headers, body: JSON.stringify(body) });
      const text = await answer.text();
      return { status: answer.status, text, body: JSON.parse(text) };
    };
    receiver = await WebhookReceiver.subscribe({ teardown: () => {} }, { api } as unknown as Gateway);
    return { opened: 0, refused: 0, delays: null };
  }
  const taken = receiver?.taken.splice(0) ?? [];
  const opened = taken.filter(({ type }) => type === 'alert.opened');
  const delays = opened.map(({ alert, atMs }) => {
    const { deviceAt } = alert.stamps as unknown as { deviceAt: string };
    return atMs - Date.parse(deviceAt);
  });
  return {
    opened: opened.length,
    refused: receiver?.refused.length ?? 0,
    delays: delays.length > 0 ? quantiles(delays) : null,
  };
}

if (process.send) {
  process.on('message', (order: ReceiverOrder) => {
    obey(order).then(
      (result) => process.send?.({ result }),
      (error: Error) => process.send?.({ error: error.message }),
    );
  });
  process.on('disconnect', () => process.exit());
}
