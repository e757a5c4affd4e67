import { trustedWorker } from '../ground/trusted.ts';
import { FeedConnection, type Heard } from './connection.ts';
import type { Said } from './hub.ts';
import workerUrl from './worker.ts?worker&url';

const NAME = 'citywatch.feed';
const SAY_EVERY_MS = 10_000;

/** A window's part in the connection that all windows of this browser share. */
export interface Feed {
  /** Asks for a new connection, because nothing was heard for too long. */
  again(): void;
}

interface Options {
  /** Who looks: windows of somebody else do not share the connection. */
  who: string;
  hear(heard: Heard): void;
  signal: AbortSignal;
}

/**
 * Joins the connection of this browser, because browsers allow six connections to a server: in a shared worker; where
 * there is none, one window has it and tells the others; where windows cannot agree on one, each has its own.
 */
export function joinFeed(options: Options): Feed {
  if (typeof SharedWorker !== 'undefined') return byWorker(options);
  return withoutWorker(options);
}

function withoutWorker(options: Options): Feed {
  const canAgree = typeof BroadcastChannel !== 'undefined' && navigator.locks !== undefined;
  return canAgree ? byElection(options) : alone(options);
}

function byWorker(options: Options): Feed {
  const { who, hear, signal } = options;
  let instead: Feed | null = null;
  const worker = new SharedWorker(trustedWorker(workerUrl), { name: NAME });
  const say = (said: Said) => worker.port.postMessage(said);
  const leave = () => {
    say({ type: 'bye' });
    worker.port.close();
    clearInterval(timer);
  };
  const timer = setInterval(() => say({ type: 'here', who }), SAY_EVERY_MS);
  const here = () => say({ type: 'here', who });
  const gone = () => say({ type: 'bye' });
  worker.onerror = () => {
    if (instead || signal.aborted) return;
    leave();
    instead = withoutWorker(options);
  };
  worker.port.onmessage = ({ data }: MessageEvent<Heard>) => {
    if (!signal.aborted) hear(data);
  };
  // A page that comes back from the browser's memory goes on as one that was away.
  addEventListener('pagehide', gone, { signal });
  addEventListener('pageshow', here, { signal });
  signal.addEventListener('abort', leave, { once: true });
  here();
  return { again: () => (instead ? instead.again() : say({ type: 'again' })) };
}

type Told = { who: string } & ({ to: 'all'; heard: Heard } | { to: 'keeper'; asks: 'stands' | 'again' });

/** The window that holds the lock keeps the connection. Its successor goes on after the last event that it was told. */
function byElection({ who, hear, signal }: Options): Feed {
  const channel = new BroadcastChannel(NAME);
  let connection: FeedConnection | null = null;
  let at = '';
  const take = (heard: Heard) => {
    if (heard.type === 'event') at = heard.at;
    if (!signal.aborted) hear(heard);
  };
  const post = (told: Told) => channel.postMessage(told);
  channel.onmessage = ({ data }: MessageEvent<Told>) => {
    if (data.who !== who) return;
    if (data.to === 'all') take(data.heard);
    else if (data.asks === 'again') connection?.again();
    else if (connection?.stands) post({ who, to: 'all', heard: { type: 'stands', fresh: true } });
  };
  const keep = () =>
    new Promise<void>((done) => {
      connection = new FeedConnection((heard) => {
        take(heard);
        post({ who, to: 'all', heard });
      });
      connection.start(at);
      signal.addEventListener('abort', () => done(), { once: true });
    });
  navigator.locks.request(`${NAME} ${who}`, { signal }, keep).catch(() => undefined);
  post({ who, to: 'keeper', asks: 'stands' });
  signal.addEventListener('abort', () => {
    connection?.stop();
    channel.close();
  });
  return { again: () => (connection ? connection.again() : post({ who, to: 'keeper', asks: 'again' })) };
}

function alone({ hear, signal }: Options): Feed {
  const connection = new FeedConnection((heard) => {
    if (!signal.aborted) hear(heard);
  });
  connection.start();
  signal.addEventListener('abort', () => connection.stop(), { once: true });
  return connection;
}
