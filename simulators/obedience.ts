/** How a device deals with commands: as it should, or as those do that make trouble. */
export const ANSWERS = ['once', 'never', 'twice', 'late'] as const;
export type Answers = (typeof ANSWERS)[number];

export type Args = Record<string, unknown>;

/** Does what it is told and returns what to say of it; throws with the reason when it cannot. */
export type Obey = (name: string, args: Args) => unknown;

export interface Reply {
  id: string;
  ok: boolean;
  result: unknown;
}

export interface ObedienceOptions {
  answers: Answers;
  obey: Obey;
  reply(reply: Reply): void;
}

/** A device sees a command again after a reconnect; it remembers the last ones to do each once. */
const REMEMBERED_MAX = 100;
const LATE_BY_MS = 1_500;

/** The commands of one device: each done once, never after its deadline, and answered the same each time it comes. */
export class Obedience {
  readonly #options: ObedienceOptions;
  readonly #done = new Map<string, Reply>();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(options: ObedienceOptions) {
    this.#options = options;
  }

  /** Takes the payload of the command topic. A device does not answer what it does not understand. */
  take(payload: Buffer): void {
    const command = parse(payload);
    if (!command) return;
    const { id, deadline } = command;
    const known = this.#done.get(id);
    if (!known && Date.now() > deadline) return;
    const reply = known ?? this.#do(command);
    this.#done.set(id, reply);
    if (this.#done.size > REMEMBERED_MAX) this.#done.delete(this.#done.keys().next().value ?? '');
    this.#answer(reply, deadline);
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #do({ id, name, args }: Command): Reply {
    try {
      return { id, ok: true, result: this.#options.obey(name, args) ?? {} };
    } catch (error) {
      return { id, ok: false, result: { reason: error instanceof Error ? error.message : String(error) } };
    }
  }

  #answer(reply: Reply, deadline: number): void {
    const { answers } = this.#options;
    if (answers === 'never') return;
    if (answers === 'late') {
      const timer = setTimeout(
        () => {
          this.#timers.delete(timer);
          this.#options.reply(reply);
        },
        deadline - Date.now() + LATE_BY_MS,
      );
      this.#timers.add(timer);
      return;
    }
    this.#options.reply(reply);
    if (answers === 'twice') this.#options.reply({ ...reply, ok: !reply.ok });
  }
}

interface Command {
  id: string;
  name: string;
  args: Args;
  deadline: number;
}

function parse(payload: Buffer): Command | null {
  try {
    const { id, name, args, deadline } = JSON.parse(payload.toString('utf8')) as Partial<Command>;
    if (typeof id !== 'string' || typeof name !== 'string' || typeof deadline !== 'number') return null;
    return { id, name, args: args ?? {}, deadline };
  } catch {
    return null;
  }
}
