import t from 'tap';
import { LiveSocket, type Watcher } from '../../../../web/src/cameras/live/socket.ts';

/** Stands for the browser's: a test says what becomes of it. */
class FakeSocket {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;
  static made: FakeSocket[] = [];
  readyState: number = FakeSocket.CONNECTING;
  sent: string[] = [];
  onopen: () => void = () => {};
  onclose: (event: { code: number }) => void = () => {};

  constructor() {
    FakeSocket.made.push(this);
  }

  send(order: string): void {
    this.sent.push(order);
  }

  close(): void {
    this.readyState = FakeSocket.CLOSED;
  }

  opens(): void {
    this.readyState = FakeSocket.OPEN;
    this.onopen();
  }

  fails(): void {
    this.readyState = FakeSocket.CLOSED;
    this.onclose({ code: 1006 });
  }
}

const LOOK = { camera: 'cam-1', quality: 'sub', use: 'wall', purpose: 'routine' } as const;
/** The answer hangs in a network which swallows everything. */
const DEPS = { address: 'ws://gateway/api/v1/live', onOpen: () => {}, answers: () => new Promise<boolean>(() => {}) };

function watcher(): Watcher & { cuts: number } {
  return {
    cuts: 0,
    news: () => {},
    video: () => {},
    cut() {
      this.cuts += 1;
    },
  };
}

t.beforeEach(() => {
  FakeSocket.made = [];
  Object.assign(globalThis, { WebSocket: FakeSocket });
});

t.test('a look that begins while the end of a connection is inquired into has a connection of its own', async (t) => {
  const live = new LiveSocket(DEPS);
  const [before, after] = [watcher(), watcher()];
  live.open(LOOK, before);
  FakeSocket.made[0]?.fails();
  live.open({ ...LOOK, camera: 'cam-2' }, after);
  t.equal(before.cuts, 1, 'who waits is told');
  t.equal(FakeSocket.made.length, 2);
  FakeSocket.made[1]?.opens();
  t.match(FakeSocket.made[1]?.sent, [/"camera":"cam-2"/]);
});

t.test('once the gateway is reached again, nobody waits for a connection that has ended or hangs', async (t) => {
  for (const fails of [true, false]) {
    const live = new LiveSocket(DEPS);
    const waits = watcher();
    live.open(LOOK, waits);
    if (fails) FakeSocket.made.at(-1)?.fails();
    live.again();
    t.equal(waits.cuts, 1, fails ? 'it has ended' : 'it hangs');
  }
});

t.test('one that is open is kept', async (t) => {
  const live = new LiveSocket(DEPS);
  const looks = watcher();
  live.open(LOOK, looks);
  FakeSocket.made[0]?.opens();
  live.again();
  live.open({ ...LOOK, camera: 'cam-2' }, watcher());
  t.equal(looks.cuts, 0);
  t.equal(FakeSocket.made.length, 1);
});
