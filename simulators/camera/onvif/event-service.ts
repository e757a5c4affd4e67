import { escapeXml, leaf, operationUnknown, pick, SoapFault, type SoapRequest, tag, textOf } from './soap.ts';

/** One thing that the camera notices: a topic, where, and what is so now. */
export interface Signal {
  topic: string;
  source: Record<string, string>;
  data: Record<string, string>;
  /** A property has a state that every new subscriber is told; without, it happens and is over. */
  property: boolean;
}

export interface EventServiceDeps {
  /** `http://address:port`, as the camera believes to be reached. */
  origin(): string;
  /** The camera's own idea of the time. */
  nowMs(): number;
}

export interface EventServiceOptions {
  /** Subscriptions at once; real cameras take between 3 and 20. */
  subscriptionsMax?: number;
  /** Whether subscriptions have an address each, or share one and differ in a reference parameter, as at Axis. */
  reference?: 'path' | 'parameter';
}

interface PullPoint {
  endsAtMs: number;
  queue: string[];
  /** Answers the pull that waits. */
  wake: (() => void) | null;
}

const OWN = 'http://virtual-optics.example/events';
const SHARED_PATH = '/onvif/pullpoint';
const QUEUE_MAX = 256;
const TERM_MS = 60_000;
const TERM_MAX_MS = 600_000;
const WAIT_MAX_MS = 60_000;

/** What stands inside answers that never change. */
const OPEN: Record<string, string> = {
  GetServiceCapabilities: '<tev:Capabilities WSPullPointSupport="true" MaxPullPoints="10"/>',
  GetEventProperties: [
    leaf('tev:TopicNamespaceLocation', 'http://www.onvif.org/onvif/ver10/topics/topicns.xml'),
    leaf('wsnt:FixedTopicSet', true),
    '<wstop:TopicSet><tns1:RuleEngine><CellMotionDetector><Motion wstop:topic="true"/></CellMotionDetector>',
    '<TamperDetector><Tamper wstop:topic="true"/></TamperDetector>',
    '<LineDetector><Crossed wstop:topic="true"/></LineDetector></tns1:RuleEngine>',
    '<tns1:VideoSource><SignalLoss wstop:topic="true"/></tns1:VideoSource>',
    '<tns1:Device><Trigger><DigitalInput wstop:topic="true"/></Trigger></tns1:Device></wstop:TopicSet>',
    leaf('wsnt:TopicExpressionDialect', 'http://docs.oasis-open.org/wsn/t-1/TopicExpression/Concrete'),
    leaf('tev:MessageContentFilterDialect', 'http://www.onvif.org/ver10/tev/messageContentFilter/ItemFilter'),
    leaf('tev:MessageContentSchemaLocation', 'http://www.onvif.org/onvif/ver10/schema/onvif.xsd'),
  ].join(''),
};

/** The event service of a camera: real-time pull-points after the ONVIF core specification §9. */
export class EventService {
  readonly #deps: EventServiceDeps;
  readonly #options: Required<EventServiceOptions>;
  readonly #points = new Map<string, PullPoint>();
  readonly #properties = new Map<string, Signal>();
  #made = 0;
  /** Messages asked for and given out, ever. */
  readonly counts = { subscriptions: 0, pulls: 0, messages: 0 };

  constructor(deps: EventServiceDeps, options: EventServiceOptions = {}) {
    this.#deps = deps;
    this.#options = { subscriptionsMax: 10, reference: 'path', ...options };
  }

  get subscriptions(): number {
    this.#expire();
    return this.#points.size;
  }

  /** Tells every subscriber; a property also whoever subscribes later. */
  raise(signal: Signal): void {
    const key = JSON.stringify([signal.topic, signal.source]);
    const operation = !signal.property ? null : this.#properties.has(key) ? 'Changed' : 'Initialized';
    if (signal.property) this.#properties.set(key, signal);
    const message = this.#message(signal, operation === 'Initialized' ? 'Changed' : operation);
    for (const point of this.#points.values()) this.#offer(point, message);
  }

  /** Forgets every subscription, as firmware does that restarts its event process. */
  loseSubscriptions(): void {
    for (const { wake } of this.#points.values()) wake?.();
    this.#points.clear();
  }

  /** What a camera is like after its power was cut. */
  reset(): void {
    this.loseSubscriptions();
    this.#properties.clear();
  }

  static serves(path: string): boolean {
    return path === '/onvif/event_service' || path.startsWith(SHARED_PATH);
  }

  /** What stands in the answer's body. Throws a {@link SoapFault}. */
  async answer(path: string, soap: SoapRequest): Promise<string> {
    this.#expire();
    const { operation } = soap;
    if (Object.hasOwn(OPEN, operation)) return tag(`tev:${operation}Response`, OPEN[operation] ?? '');
    if (operation === 'CreatePullPointSubscription') return this.#create(soap);
    const id = path === SHARED_PATH ? soap.subscriptionId : path.slice(SHARED_PATH.length + 1);
    const point = this.#points.get(id ?? '');
    if (!point) throw new SoapFault(400, 'Sender', ['InvalidArgVal', 'ResourceUnknown'], 'Unknown subscription');
    switch (operation) {
      case 'PullMessages':
        return await this.#pull(point, soap);
      case 'SetSynchronizationPoint':
        this.#initialize(point);
        return '<tev:SetSynchronizationPointResponse/>';
      case 'Renew':
        point.endsAtMs = performance.now() + termOf(textOf(pick(soap.body, 'TerminationTime')));
        return tag('wsnt:RenewResponse', ...this.#term(point, 'wsnt').reverse());
      case 'Unsubscribe':
        this.#points.delete(id ?? '');
        point.wake?.();
        return '<wsnt:UnsubscribeResponse/>';
      default:
        throw operationUnknown();
    }
  }

  #create(soap: SoapRequest): string {
    if (this.#points.size >= this.#options.subscriptionsMax) {
      throw new SoapFault(500, 'Receiver', ['SubscribeCreationFailedFault'], 'Maximum number of subscriptions');
    }
    this.#made += 1;
    this.counts.subscriptions += 1;
    const id = String(this.#made);
    const termMs = termOf(textOf(pick(soap.body, 'InitialTerminationTime')));
    const point: PullPoint = { endsAtMs: performance.now() + termMs, queue: [], wake: null };
    this.#points.set(id, point);
    this.#initialize(point);
    const shared = this.#options.reference === 'parameter';
    const address = leaf('wsa:Address', `${this.#deps.origin()}${SHARED_PATH}${shared ? '' : `/${id}`}`);
    const parameter = `<vo:SubscriptionId xmlns:vo="${OWN}">${id}</vo:SubscriptionId>`;
    const reference = address + (shared ? tag('wsa:ReferenceParameters', parameter) : '');
    const body = [tag('tev:SubscriptionReference', reference), ...this.#term(point, 'wsnt')];
    return tag('tev:CreatePullPointSubscriptionResponse', ...body);
  }

  /** Answers as soon as there is a message, else when the time is over. */
  async #pull(point: PullPoint, soap: SoapRequest): Promise<string> {
    this.counts.pulls += 1;
    const waitMs = Math.min(WAIT_MAX_MS, durationOf(textOf(pick(soap.body, 'Timeout'))) ?? 0);
    if (point.queue.length === 0) await wakened(point, waitMs);
    const limit = Number(textOf(pick(soap.body, 'MessageLimit'))) || 1;
    const messages = point.queue.splice(0, Math.max(1, limit));
    this.counts.messages += messages.length;
    return tag('tev:PullMessagesResponse', ...this.#term(point, 'tev'), ...messages);
  }

  #initialize(point: PullPoint): void {
    for (const signal of this.#properties.values()) this.#offer(point, this.#message(signal, 'Initialized'));
  }

  #offer(point: PullPoint, message: string): void {
    point.queue.push(message);
    if (point.queue.length > QUEUE_MAX) point.queue.shift();
    point.wake?.();
  }

  #message({ topic, source, data }: Signal, operation: string | null): string {
    const items = (values: Record<string, string>): string =>
      Object.entries(values)
        .map(([name, value]) => `<tt:SimpleItem Name="${escapeXml(name)}" Value="${escapeXml(value)}"/>`)
        .join('');
    const property = operation === null ? '' : ` PropertyOperation="${operation}"`;
    const parts = tag('tt:Source', items(source)) + tag('tt:Data', items(data));
    const inner = `<tt:Message UtcTime="${timeOf(this.#deps.nowMs())}"${property}>${parts}</tt:Message>`;
    const dialect = 'Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet"';
    const named = `<wsnt:Topic ${dialect}>${escapeXml(topic)}</wsnt:Topic>`;
    return tag('wsnt:NotificationMessage', named, tag('wsnt:Message', inner));
  }

  /** Now and the end of the term, in the order that all answers but that to Renew have. */
  #term({ endsAtMs }: PullPoint, prefix: 'wsnt' | 'tev'): string[] {
    const nowMs = this.#deps.nowMs();
    const endMs = nowMs + (endsAtMs - performance.now());
    return [leaf(`${prefix}:CurrentTime`, timeOf(nowMs)), leaf(`${prefix}:TerminationTime`, timeOf(endMs))];
  }

  #expire(): void {
    const nowMs = performance.now();
    for (const [id, { endsAtMs }] of this.#points) if (endsAtMs < nowMs) this.#points.delete(id);
  }
}

function wakened(point: PullPoint, waitMs: number): Promise<void> {
  // A second pull on the same subscription takes the place of the first, which gets nothing.
  point.wake?.();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      if (point.wake === done) point.wake = null;
      resolve();
    };
    const timer = setTimeout(done, waitMs);
    point.wake = done;
  });
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** An xs:duration of hours, minutes and seconds; null for any other text. */
function durationOf(text: string): number | null {
  const [, hours, minutes, seconds] = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?$/.exec(text) ?? [];
  if (hours === undefined && minutes === undefined && seconds === undefined) return null;
  return (Number(hours ?? 0) * 3_600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0)) * 1_000;
}

function termOf(text: string): number {
  return Math.min(TERM_MAX_MS, durationOf(text) ?? TERM_MS);
}
