import { Outbox } from '../../../src/alerts/route/outbox.ts';
import { Ownership } from '../../../src/platform/database/ownership.ts';
import { Outbound } from '../../../src/platform/outbound/outbound.ts';
import { Doorbell } from '../../../src/platform/work/jobs.ts';
import { reach, reachSoon } from './killing.ts';
import type { AlertStep } from './orders.ts';

interface Moments {
  step: AlertStep;
  after: string;
}

/** What writes as the owner, by what it says of itself. */
const WRITES: Partial<Record<string, Moments>> = {
  'what the rules have judged': { step: 'finding', after: 'stored' },
  'the log of alerts': { step: 'alert', after: 'written' },
};

/** Goes through the moments of a step while `run` is under way. */
async function through<Result>({ step, after }: Moments, run: () => Promise<Result>): Promise<Result> {
  reach(step, 'before');
  reachSoon(step, 'under way');
  const result = await run();
  reach(step, after);
  return result;
}

/** Wraps what stands for each step of an alert's way out. */
export function watchAlertSteps(): void {
  const { write } = Ownership.prototype;
  Ownership.prototype.write = function (...args) {
    const moments = WRITES[args[1].what];
    const run = () => write.apply(this, args) as Promise<never>;
    return moments ? through(moments, run) : run();
  };
  const { noted } = Doorbell.prototype;
  Doorbell.prototype.noted = function (tickets) {
    reach('doorbell', 'before');
    noted.call(this, tickets);
    reach('doorbell', 'after');
  };
  const { http } = Outbound.prototype;
  Outbound.prototype.http = function (request) {
    const run = () => http.call(this, request);
    // Of what is sent only deliveries to receivers have one.
    const isDelivery = request.headers !== undefined && 'webhook-id' in request.headers;
    return isDelivery ? through({ step: 'send', after: 'answered' }, run) : run();
  };
  const { settle } = Outbox.prototype;
  Outbox.prototype.settle = function (settlement) {
    return through({ step: 'mark', after: 'after' }, () => settle.call(this, settlement));
  };
}
