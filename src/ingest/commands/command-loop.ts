import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { Joined } from '../../core/mechanisms/one-at-a-time.ts';
import type { Observer } from '../../core/observe.ts';

export interface CommandLoopDeps {
  sender: { flush(): Promise<void>; stop(): Promise<void> };
  commands: { expire(horizonMs: number): Promise<unknown> };
  replies: { horizonMs(): number; stop(): Promise<void> };
  /** Devices with commands that are not settled. */
  open: { readonly size: number };
  clock: Clock;
  observer: Observer;
}

const TICK_MS = 500;

/** Notes for which devices somebody rang, and ends commands whose deadline has passed unanswered, twice a second. */
export class CommandLoop {
  readonly #deps: CommandLoopDeps;
  readonly #ticking = new Joined();
  #cancel = () => {};

  constructor(deps: CommandLoopDeps) {
    this.#deps = deps;
  }

  start(): void {
    const { clock, observer } = this.#deps;
    const log = observer.log.child({ part: 'commands' });
    const late = (error: unknown): void => log.warn({ error: messageOf(error) }, 'deadlines of commands are late');
    this.#cancel = clock.every(TICK_MS, () => void this.#ticking.run(() => this.#tick().catch(late)));
  }

  /** Ends the sender and the reader of replies with it. */
  async stop(): Promise<void> {
    const { sender, replies } = this.#deps;
    this.#cancel();
    await this.#ticking.settled();
    await sender.stop();
    await replies.stop();
  }

  async #tick(): Promise<void> {
    const { sender, commands, replies, open } = this.#deps;
    await sender.flush();
    if (open.size > 0) await commands.expire(replies.horizonMs());
  }
}
