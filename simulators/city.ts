import { randomBytes } from 'node:crypto';
import { VirtualCamera } from './camera/camera.ts';
import { DiscoveryResponder } from './camera/onvif/discovery.ts';
import { Studio } from './camera/video/studio.ts';
import { CommandCentre } from './centre/centre.ts';
import { Checkpoint } from './checkpoint/checkpoint.ts';
import { Estate, inTurns } from './estate.ts';
import { type GatewayClient, GatewayError } from './gateway-client.ts';
import { Kiosk } from './kiosk/kiosk.ts';
import type { Happening, Scenario } from './scenario.ts';

/** What happened in the city, for whoever watches its output. */
export type CityEvent = { event: string } & Record<string, string | number | boolean | null>;

export interface CityDeps {
  scenario: Scenario;
  gateway: GatewayClient;
  mqttUrl: string;
  emit(event: CityEvent): void;
  /** Pictures without name and clock, and without ffmpeg. */
  plain: boolean;
  ffmpeg?: string;
  /** Address of the network interface on which cameras answer discovery; they answer none without it. */
  discovery?: string;
  /** File of the command centre's ledger. */
  ledgerPath?: string;
  /** Use devices, subscriptions and watchlists that are there already, with new credentials. */
  takeOver: boolean;
  /** Leave at the gateway what the city made, for a gateway that ends with it. */
  keep: boolean;
}

const WATCHED_FOR_MS = 30 * 86_400_000;
const CONNECT_WAIT_MS = 60_000;
const PASSES_EVERY_MS = 10_000;
const PASSES_FOR_MS = 4_000;

/** A whole simulated city of one scenario file. Cameras run before they are registered: the gateway looks at them. */
export class City {
  readonly #deps: CityDeps;
  readonly #cameras = new Map<string, VirtualCamera>();
  readonly #kiosks = new Map<string, Kiosk>();
  readonly #checkpoints = new Map<string, Checkpoint>();
  readonly #stops: (() => Promise<void>)[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #estate: Estate;

  constructor(deps: CityDeps) {
    this.#deps = deps;
    const { gateway, takeOver } = deps;
    this.#estate = new Estate({ gateway, takeOver, warn: (text) => deps.emit({ event: 'warning', text }) });
  }

  /** Starts and registers everything; resolves when every device is connected. On failure call `stop` all the same. */
  async start(): Promise<void> {
    const { emit, scenario } = this.#deps;
    await this.#refuseTaken();
    await this.#startCameras();
    await this.#startCentre();
    await inTurns(scenario.cameras, (entry) => this.#registerCamera(entry.id));
    await inTurns(scenario.kiosks, (entry) => this.#startKiosk(entry));
    await inTurns(scenario.checkpoints, (entry) => this.#startCheckpoint(entry));
    await this.#watch();
    await this.#connected();
    this.#letPeoplePass();
    emit({
      event: 'ready',
      cameras: this.#cameras.size,
      kiosks: this.#kiosks.size,
      checkpoints: this.#checkpoints.size,
    });
  }

  async #refuseTaken(): Promise<void> {
    const { cameras, kiosks, checkpoints, centre, watchlist } = this.#deps.scenario;
    const ids = [...cameras, ...kiosks, ...checkpoints].map(({ id }) => id);
    const subscriptions = centre ? [{ path: '/subscriptions' as const, name: centre.name }] : [];
    const watchlists = watchlist ? [{ path: '/watchlists' as const, name: watchlist.name }] : [];
    await this.#estate.refuseTaken(ids, [...subscriptions, ...watchlists]);
  }

  /** Somebody walks by one camera after the other, for as long as the city runs. */
  #letPeoplePass(): void {
    const cameras = [...this.#cameras.values()];
    let next = 0;
    const pass = (): void => {
      const camera = cameras[next++ % cameras.length];
      if (!camera?.alive) return;
      camera.notices('motion', true);
      setTimeout(() => camera.notices('motion', false), PASSES_FOR_MS).unref();
    };
    const timer = setInterval(pass, PASSES_EVERY_MS);
    this.#stops.push(async () => clearInterval(timer));
  }

  /** Lets the scenario's timeline happen, once, from now on. */
  runTimeline(): void {
    for (const happening of this.#deps.scenario.timeline) {
      this.#timers.push(setTimeout(() => void this.#happen(happening), happening.atS * 1_000));
    }
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.all([...this.#kiosks.values(), ...this.#checkpoints.values()].map((device) => device.stop()));
    if (!this.#deps.keep) {
      const removed = await this.#estate.clear();
      this.#deps.emit({ event: 'cleared', removed });
    }
    for (const stop of this.#stops.splice(0).reverse()) await stop();
  }

  async #startCameras(): Promise<void> {
    const { scenario, plain, ffmpeg, emit, discovery } = this.#deps;
    const warn = (text: string): void => emit({ event: 'warning', text });
    const studio = await Studio.open({ plain, warn, ...(ffmpeg ? { ffmpeg } : {}) });
    this.#stops.push(() => studio.close());
    for (const { id, en, address, rtspAuth, onvifAuth } of scenario.cameras) {
      const camera = await VirtualCamera.start(studio, {
        id,
        name: en,
        address,
        rtspAuth,
        onvifAuth,
        onvifPort: scenario.onvifPort,
        rtspPort: scenario.rtspPort,
        password: randomBytes(12).toString('base64url'),
      });
      this.#cameras.set(id, camera);
      this.#stops.push(() => camera.stop());
    }
    if (!discovery) return;
    const responder = new DiscoveryResponder(() => this.#cameras.values());
    await responder.start(discovery);
    this.#stops.push(() => responder.stop());
  }

  async #registerCamera(id: string): Promise<void> {
    const { scenario, emit } = this.#deps;
    const camera = this.#cameras.get(id);
    const entry = scenario.cameras.find((one) => one.id === id);
    if (!camera || !entry) return;
    const onvif = { xaddr: camera.xaddr, ...camera.account };
    const { existed } = await this.#estate.device({ ...this.#common(entry, 'camera'), onvif });
    emit({ event: 'registered', device: id, kind: 'camera', existed, xaddr: camera.xaddr });
  }

  async #startKiosk(entry: Scenario['kiosks'][number]): Promise<void> {
    const { mqttUrl, scenario } = this.#deps;
    const secret = await this.#register(entry, 'recycling-kiosk');
    const { id, answers } = entry;
    const options = { url: mqttUrl, id, secret, answers, periodS: scenario.kioskPeriodS };
    this.#kiosks.set(entry.id, new Kiosk(options));
  }

  async #startCheckpoint(entry: Scenario['checkpoints'][number]): Promise<void> {
    const { mqttUrl, scenario } = this.#deps;
    const secret = await this.#register(entry, 'checkpoint');
    const { lanes, passagesPerMin, answers } = entry;
    const traffic = { lanes, passagesPerMin, answers, home: scenario.home, periodS: scenario.checkpointPeriodS };
    this.#checkpoints.set(entry.id, new Checkpoint({ url: mqttUrl, id: entry.id, secret, ...traffic }));
  }

  async #register(entry: Place & { cameras: string[] }, kind: string): Promise<string> {
    const { emit } = this.#deps;
    const device = { ...this.#common(entry, kind), cameras: entry.cameras };
    const { secret, existed } = await this.#estate.device(device);
    emit({ event: 'registered', device: entry.id, kind, existed });
    return secret;
  }

  #common({ id, zh, en, lat, lon }: Place, kind: string) {
    const { jurisdiction } = this.#deps.scenario;
    return { id, kind, name: `${zh} ${en}`, jurisdiction, location: { lat, lon } };
  }

  /** A command centre and its subscription. A gateway that refuses it still gets its devices. */
  async #startCentre(): Promise<void> {
    const { scenario, emit, ledgerPath } = this.#deps;
    if (!scenario.centre) return;
    const { name, address, port } = scenario.centre;
    const centre = new CommandCentre({ host: address, port, ...(ledgerPath ? { ledgerPath } : {}) });
    await centre.start();
    this.#stops.push(() => centre.stop());
    await this.#tolerate('subscription', async () => {
      const body = { name, url: centre.url, jurisdiction: scenario.jurisdiction };
      const { secret } = (await this.#estate.entry('/subscriptions', body)) as { secret: string };
      centre.secrets = [secret];
      emit({ event: 'subscribed', centre: name, url: centre.url });
    });
    void follow(centre, emit);
  }

  async #watch(): Promise<void> {
    const { scenario, emit } = this.#deps;
    if (!scenario.watchlist) return;
    const { plates, ...about } = scenario.watchlist;
    const validUntil = new Date(Date.now() + WATCHED_FOR_MS).toISOString();
    await this.#tolerate('watchlist', async () => {
      const entries = plates.map((entry) => ({ ...entry, validUntil }));
      await this.#estate.entry('/watchlists', { ...about, jurisdiction: scenario.jurisdiction, entries });
      emit({ event: 'watchlist', name: about.name, plates: plates.length });
    });
  }

  async #tolerate(what: string, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      this.#deps.emit({ event: 'warning', text: `no ${what}: ${error.message}` });
    }
  }

  async #connected(): Promise<void> {
    const devices = [...this.#kiosks.values(), ...this.#checkpoints.values()].map(({ device }) => device);
    const endMs = performance.now() + CONNECT_WAIT_MS;
    while (devices.some((device) => !device.connected)) {
      const missing = devices.filter((device) => !device.connected);
      if (performance.now() > endMs)
        throw new Error(`${missing.length} devices cannot connect to ${this.#deps.mqttUrl}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async #happen({ do: what, device, plate }: Happening): Promise<void> {
    const kiosk = this.#kiosks.get(device);
    const camera = this.#cameras.get(device);
    const actions: Record<Happening['do'], () => unknown> = {
      'kiosk-fire': () => kiosk?.catchFire(),
      'kiosk-fire-out': () => kiosk?.extinguish(),
      'kiosk-full': () => kiosk?.becomeFull(),
      'kiosk-emptied': () => kiosk?.becomeEmpty(),
      'wanted-plate': () => this.#checkpoints.get(device)?.pass({ text: plate ?? '', color: 'blue' }),
      'camera-dies': () => camera?.die(),
      'camera-returns': () => camera?.revive(),
      'camera-freezes': () => camera?.misbehave({ frozen: true }),
      'camera-thaws': () => camera?.behave(),
    };
    await actions[what]();
    this.#deps.emit({ event: what, device });
  }
}

type Place = { id: string; zh: string; en: string; lat: number; lon: number };

/** Says what reached the command centre, as it reaches it. */
async function follow(centre: CommandCentre, emit: CityDeps['emit']): Promise<void> {
  for (let told = 0; ; ) {
    const fresh = centre.ledger.slice(told);
    told += fresh.length;
    for (const { type, alertId, verdict, duplicate, status } of fresh) {
      emit({ event: 'delivered', type, alert: alertId, verdict, duplicate, status });
    }
    await centre.until((ledger) => ledger.length > told);
  }
}
