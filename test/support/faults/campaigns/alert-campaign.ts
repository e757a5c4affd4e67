import type { Test } from 'tap';
import { RECEIVER_NETWORKS, readAlertLog, WebhookReceiver } from '../../alerts/webhook-receiver.ts';
import { add, emptyTally, type Tally } from '../../gateway/fleet-read-back.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import { randomFrom } from '../../time/random.ts';
import { until } from '../../time/until.ts';
import { FaultyGateway } from '../faulty-gateway.ts';
import { ALERT_MOMENTS, ALERT_STEPS, type AlertStep, type KillOrder } from '../orders.ts';
import type { FaultResult } from '../results.ts';

/** Buttons that are pressed in one round. */
const PRESSED = 6;
const PRESSES_MAX = 4;
/** A claim of work lasts a minute; whoever died or lost its database with one leaves it for so long. */
const SETTLED_MS = 90_000;
const REACH_MS = 30_000;
/** Rounds of presses until a kill that counts further than one of them goes. */
const ROUNDS_MAX = 5;

/** A gateway that takes orders, buttons for help, and a command centre that makes the effect of each entry once. */
export class AlertScene {
  readonly faulty: FaultyGateway;
  readonly receiver: WebhookReceiver;
  /** Every button that was pressed and acknowledged. */
  readonly pressed: string[] = [];
  /** When each was acknowledged, Unix ms. */
  readonly #ackedMs = new Map<string, number>();
  /** From an acknowledgement until its alert was told, the longest so far. */
  slowestMs = 0;
  #compared = 0;

  private constructor(faulty: FaultyGateway, receiver: WebhookReceiver) {
    this.faulty = faulty;
    this.receiver = receiver;
  }

  static async start(t: Test): Promise<AlertScene> {
    const faulty = await FaultyGateway.start(t, { CITYWATCH_WEBHOOK_NETWORKS: RECEIVER_NETWORKS });
    const receiver = await WebhookReceiver.subscribe(t, faulty.gateway);
    return new AlertScene(faulty, receiver);
  }

  get gateway(): Gateway {
    return this.faulty.gateway;
  }

  /** Buttons that nobody pressed yet, with what lets them in. */
  async newButtons(count = PRESSED): Promise<string[]> {
    const ids = Array.from({ length: count }, (_, index) => `sos-${this.#made + index}`);
    this.#made += count;
    const secrets = [];
    for (const id of ids) secrets.push(`${id}:${await this.gateway.register({ id, kind: 'sos-button' })}`);
    return secrets;
  }
  #made = 0;

  /** Presses each until that is acknowledged, also over the gateway's end; somebody must start it again. */
  async press(buttons: readonly string[]): Promise<void> {
    await Promise.all(buttons.map((token) => this.#pressOne(token)));
  }

  /** Everything that was pressed is told and nothing waits; resolves with what became of what is new. */
  async settle(): Promise<Tally> {
    const { gateway, receiver } = this;
    const counts = async () => (await gateway.get('/subscriptions')).items[0].counts as Record<string, number>;
    const opened = () => receiver.effects.filter(({ type }) => type === 'alert.opened');
    const isTold = async () => opened().length >= this.pressed.length && (await counts()).waiting === 0;
    const wrong: string[] = [];
    await until('everything is told', isTold, SETTLED_MS).catch((error: Error) => void wrong.push(error.message));
    wrong.push(...(await receiver.faults(gateway)));
    const log = await readAlertLog(gateway);
    const { delivered = 0, dead = 0, withheld = 0, waiting = 0 } = await counts();
    const told = delivered + dead + waiting + withheld;
    if (told !== log.length) wrong.push(`delivered + dead + waiting + withheld = ${told}, raised ${log.length}`);
    const times = new Map<string, number>();
    for (const { alert, atMs } of opened()) {
      times.set(alert.device, (times.get(alert.device) ?? 0) + 1);
      const ackedMs = this.#ackedMs.get(alert.device) ?? atMs;
      this.#ackedMs.delete(alert.device);
      this.slowestMs = Math.max(this.slowestMs, atMs - ackedMs);
    }
    const news = this.pressed.slice(this.#compared);
    this.#compared = this.pressed.length;
    const stored = news.filter((id) => times.has(id)).length;
    const doubled = news.filter((id) => (times.get(id) ?? 0) > 1).length;
    return { acked: news.length, stored, explained: 0, lost: news.length - stored, doubled, wrong };
  }

  /** How long the slowest alert took since the last such question, in words. */
  lately(): string {
    const { slowestMs } = this;
    this.slowestMs = 0;
    return `the slowest told after ${(slowestMs / 1000).toFixed(1)} s`;
  }

  /** One event has one id, however often it is sent. */
  async #pressOne(token: string): Promise<void> {
    const [id = ''] = token.split(':');
    const body = { id: `${id}-pressed`, type: 'sos', data: { button: 'help' } };
    const isAcked = async (): Promise<boolean> => {
      const answer = await this.gateway.api('POST', `/devices/${id}/events`, { token, body }).catch(() => null);
      return answer?.status === 202;
    };
    await until('the press is acknowledged', isAcked, SETTLED_MS);
    this.#ackedMs.set(id, Date.now());
    this.pressed.push(id);
  }
}

export interface AlertKill {
  step: AlertStep;
  seed: number;
}

/** Kills the gateway at labelled steps of an alert's way out, again and again on the same data. */
export async function killAtAlertSteps(scene: AlertScene, kills: readonly AlertKill[]): Promise<FaultResult> {
  const { faulty, gateway } = scene;
  const tally = emptyTally();
  let greenMs = 0;
  for (const { step, seed } of kills) {
    const kill = killOf(step, seed);
    await faulty.order({ kill });
    const pressing: Promise<void>[] = [];
    for (let round = 0; round < ROUNDS_MAX && gateway.isRunning; round += 1) {
      const buttons = await scene.newButtons().catch(() => []);
      pressing.push(scene.press(buttons));
      // What it was pressed for is on its way, or it is dead.
      await Promise.race([pressing.at(-1), until('it is dead', () => !gateway.isRunning, REACH_MS).catch(() => {})]);
    }
    await until(`the gateway is killed at ${step}, ${kill.nth} × ${kill.moment}`, () => !gateway.isRunning, REACH_MS);
    const killedMs = performance.now();
    await gateway.start();
    await Promise.all(pressing);
    await gateway.untilGreen();
    greenMs = Math.max(greenMs, performance.now() - killedMs);
    const { wrong, ...counts } = await scene.settle();
    add(tally, { ...counts, wrong: wrong.map((fault) => `seed ${seed}, ${kill.nth} × ${kill.moment}: ${fault}`) });
  }
  return { times: kills.length, tally, greenMs, remark: scene.lately() };
}

/** The same kill for the same seed; a seed names a moment of the step in turn. */
function killOf(step: AlertStep, seed: number): KillOrder {
  const random = randomFrom(seed * ALERT_STEPS.length + ALERT_STEPS.indexOf(step));
  const moments = Object.entries(ALERT_MOMENTS[step]);
  const [moment, max] = moments[seed % moments.length]!;
  return { step, moment, nth: 1 + Math.floor(random() * max) };
}

/** Presses {@link PRESSED} buttons that nobody pressed before; up to {@link PRESSES_MAX} times in one fault. */
export type Press = () => void;

/** Buttons are pressed while a fault lasts; then everything is told, once. */
export async function pressDuring(
  scene: AlertScene,
  { times, fault }: { times: number; fault(press: Press): Promise<void> },
): Promise<FaultResult> {
  const { gateway } = scene;
  const tally = emptyTally();
  let greenMs = 0;
  for (let time = 0; time < times; time += 1) {
    const pressing: Promise<void>[] = [];
    // Registered before: who presses a button needs no registry that answers.
    const buttons = await scene.newButtons(PRESSED * PRESSES_MAX);
    await fault(() => void pressing.push(scene.press(buttons.splice(0, PRESSED))));
    const endMs = performance.now();
    await Promise.all(pressing);
    await gateway.untilGreen();
    greenMs = Math.max(greenMs, performance.now() - endMs);
    add(tally, await scene.settle());
  }
  return { times, tally, greenMs, remark: scene.lately() };
}
