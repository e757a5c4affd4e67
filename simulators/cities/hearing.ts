import { CommandCentre, type LedgerEntry } from '../centre/centre.ts';
import { type Befallen, line } from '../fleet/ledger-lines.ts';
import { type GatewayClient, GatewayError } from '../gateway-client.ts';
import { StormWatch } from './looks/storm-watch.ts';
import type { Provision } from './provision.ts';

/** How long alerts may take after the end; how many a storm stands for is told each half minute. */
const WAIT_MS = { alerts: 20_000, storms: 45_000 };
const LOOK_MS = 100;

export interface HearingOptions {
  /** Address of the command centre; null judges no alerts. */
  centre: string | null;
  say(text: string): void;
}

export interface HearingParts {
  provision: Pick<Provision, 'subscribe'>;
  ledger: { add(line: string): void };
  /** May read alerts. */
  reader: Pick<GatewayClient, 'call'>;
  jurisdiction: string;
}

/** What the command centre of a run hears of a gateway, and what the gateway lists of storms that it heard of. */
export class Hearing {
  readonly #centre: CommandCentre;
  readonly #storms: StormWatch;
  /** Devices that something was heard of. */
  readonly #heard = new Set<string>();

  private constructor(host: string, { ledger, reader }: HearingParts) {
    this.#storms = new StormWatch({
      gateway: reader,
      ledger,
      nowMs: Date.now,
      onPart: (device) => this.#heard.add(device),
    });
    this.#centre = new CommandCentre({
      host,
      onEntry: (entry) => {
        ledger.add(lineOf(entry));
        if (entry.device !== null) this.#heard.add(entry.device);
        if (entry.alertId !== null && entry.verdict === 'right') this.#storms.told(entry.alertId, entry.storm);
      },
    });
  }

  /** A gateway that refuses the command centre gets its devices all the same; then null is given, no alert judged. */
  static async start({ centre: host, say }: HearingOptions, parts: HearingParts): Promise<Hearing | null> {
    if (host === null) return null;
    const hearing = new Hearing(host, parts);
    const centre = hearing.#centre;
    await centre.start();
    try {
      centre.secrets = [await parts.provision.subscribe(centre.url, parts.jurisdiction)];
      return hearing;
    } catch (error) {
      await centre.stop();
      if (!(error instanceof GatewayError)) throw error;
      say(`Alerts are not judged, as the gateway sends none to ${centre.url}: ${error.message}`);
      return null;
    }
  }

  /** Waits for what is still expected, as long as it may take, and looks at storms a last time. */
  async finish(befallen: readonly Befallen[], endedAtMs: number): Promise<void> {
    const expected = befallen.filter(({ alertWithinMs, fromMs, saidMs }) => {
      return alertWithinMs !== null && (saidMs ?? fromMs) <= endedAtMs;
    });
    await until(() => expected.every(({ device }) => device === null || this.#heard.has(device)), WAIT_MS.alerts);
    await until(() => this.#storms.isTold, WAIT_MS.storms);
    await this.#storms.finish();
  }

  async stop(): Promise<void> {
    this.#storms.stop();
    await this.#centre.stop();
  }
}

function lineOf({ receivedAtMs, webhookId, alertId, duplicate, ...told }: LedgerEntry) {
  const { type, device, place, storm, stamps, verdict } = told;
  return line.delivered({
    atMs: receivedAtMs,
    webhook: webhookId,
    alert: alertId,
    type,
    device,
    place,
    verdict,
    isRepeat: duplicate,
    storm,
    stamps,
  });
}

/** Waits until something is so, at most so long. */
export async function until(isDone: () => boolean, mostMs: number): Promise<void> {
  const endMs = Date.now() + mostMs;
  while (!isDone() && Date.now() < endMs) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}
