import { type LookupAddress, promises } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { type Clock, deadline, systemClock } from '../../core/clock.ts';
import { orAborted } from '../../core/mechanisms/abort.ts';
import { BoundedMap } from '../../core/mechanisms/bounded.ts';
import { JoinedByKey } from '../../core/mechanisms/one-at-a-time.ts';
import { NameFiles, type NameRules } from './name-files.ts';

/** What a name is looked up for; each purpose asks, waits and remembers by itself. */
export type Purpose = 'cameras' | 'webhooks' | 'services';

export type { LookupAddress } from 'node:dns';

export interface NamesOptions {
  clock: Clock;
  files?: NameFiles;
  /** Name servers as `address:port`; those of resolv.conf unless a test brings its own. */
  servers?: string[];
}

/** From the question to the last answer; PostgreSQL and the broker wait 5 s and 10 s for a connection. */
const DEADLINE_MS = 4_000;
/** One server gets this long for one question, and is asked twice. */
const SERVER_MS = 1_000;
/** Questions under way for one purpose; names of a city's cameras that nobody answers must not pile up. */
const ASKING_MAX = 1_024;
/** Further questions than this many leave a millisecond apart: name servers drop what comes by hundreds at once. */
const AT_ONCE_MAX = 50;
const KEPT_MAX = 4_096;
/** An address is kept as long as its owner says, within this. A name can be moved, and nobody has to restart us. */
const KEPT_MS = { least: 1_000, most: 60_000 };
const MISSING_KEPT_MS = 10_000;
/** Short, because it is the name server that failed; long enough that a dead name is not asked for all the time. */
const FAILED_KEPT_MS = 5_000;
/** With addresses of one family at hand the other is not waited for longer: some servers never answer for IPv6. */
const OTHER_FAMILY_MS = 300;

interface Kept {
  answer: LookupAddress[] | NameError;
  untilMs: number;
}

/** A name without an address: `ENOTFOUND` it does not exist, `EAI_AGAIN` nobody answered in time. */
class NameError extends Error {
  readonly code: 'ENOTFOUND' | 'EAI_AGAIN';

  constructor(code: 'ENOTFOUND' | 'EAI_AGAIN') {
    super(code === 'ENOTFOUND' ? 'the name does not exist' : 'the name server did not answer');
    this.name = 'NameError';
    this.code = code;
  }
}

/**
 * Names become addresses here, not in `dns.lookup`: that one waits in one of a few threads which the whole
 * process shares, for 10 s and more a name. This one asks name servers over sockets of its
 * own, has a deadline, remembers, and follows /etc/hosts, nsswitch.conf and the search domains of resolv.conf. Sources
 * that need a library of the C world (mdns, nis, ldap) are not asked.
 */
export class Names {
  readonly #options: NamesOptions;
  readonly #files: NameFiles;
  readonly #kept = new BoundedMap<string, Kept>(KEPT_MAX);
  readonly #asking = new JoinedByKey<string, LookupAddress[]>();
  #resolver: { made: promises.Resolver; of: NameRules } | null = null;
  #open = 0;
  /** When the last question left, or will leave. */
  #turnMs = Number.NEGATIVE_INFINITY;

  constructor(options: NamesOptions) {
    this.#options = options;
    this.#files = options.files ?? new NameFiles(options.clock);
  }

  /** All addresses, IPv4 first; never empty. Fails with {@link NameError} within 4 s. */
  async addresses(host: string): Promise<LookupAddress[]> {
    const family = isIP(host);
    if (family !== 0) return [{ address: host, family }];
    const name = host.toLowerCase();
    const kept = this.#kept.get(name);
    if (kept && kept.untilMs > this.#options.clock.monotonicMs()) return orThrow(kept.answer);
    return await this.#asking.run(name, () => this.#ask(name));
  }

  /** For the option `lookup` of sockets. */
  readonly lookup: LookupFunction = (host, options, callback) => {
    const wanted = options.family === 6 || options.family === 'IPv6' ? 6 : options.family ? 4 : 0;
    this.addresses(host).then(
      (all) => {
        const found = all.filter(({ family }) => wanted === 0 || family === wanted);
        const first = found[0];
        if (!first) callback(new NameError('ENOTFOUND'), '');
        else if (options.all) callback(null, found);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, ''),
    );
  };

  async #ask(name: string): Promise<LookupAddress[]> {
    const { clock } = this.#options;
    const limit = deadline(clock, DEADLINE_MS);
    try {
      const rules = await this.#files.rules();
      const { answer, keepMs } = await orAborted(this.#find(name, rules), limit.signal);
      if (keepMs > 0) this.#kept.set(name, { answer, untilMs: clock.monotonicMs() + keepMs });
      return orThrow(answer);
    } catch (error) {
      if (!limit.signal.aborted) throw error;
      const answer = new NameError('EAI_AGAIN');
      this.#kept.set(name, { answer, untilMs: clock.monotonicMs() + FAILED_KEPT_MS });
      throw answer;
    } finally {
      limit.cancel();
    }
  }

  async #find(name: string, rules: NameRules): Promise<{ answer: Kept['answer']; keepMs: number }> {
    for (const { from, last } of rules.sources) {
      if (from === 'hosts') {
        const listed = hostsAnswer(name, rules);
        if (listed) return { answer: listed, keepMs: 0 };
      } else {
        const found = await this.#askServers(name, rules);
        if (!(found.answer instanceof NameError) || found.answer.code !== 'ENOTFOUND' || last) return found;
      }
      if (last) break;
    }
    return { answer: new NameError('ENOTFOUND'), keepMs: MISSING_KEPT_MS };
  }

  async #askServers(name: string, rules: NameRules): Promise<{ answer: Kept['answer']; keepMs: number }> {
    if (this.#open >= ASKING_MAX) return { answer: new NameError('EAI_AGAIN'), keepMs: 0 };
    const resolver = this.#resolverFor(rules);
    this.#open += 1;
    try {
      await this.#turn();
      let unanswered = false;
      for (const candidate of candidatesOf(name, rules)) {
        const found = await this.#bothFamilies(resolver, candidate);
        if (Array.isArray(found)) return toAnswer(found);
        unanswered ||= found === 'unanswered';
      }
      return unanswered
        ? { answer: new NameError('EAI_AGAIN'), keepMs: FAILED_KEPT_MS }
        : { answer: new NameError('ENOTFOUND'), keepMs: MISSING_KEPT_MS };
    } finally {
      this.#open -= 1;
    }
  }

  async #turn(): Promise<void> {
    const { clock } = this.#options;
    const nowMs = clock.monotonicMs();
    this.#turnMs = Math.max(this.#turnMs + 1, nowMs - AT_ONCE_MAX);
    if (this.#turnMs > nowMs) await clock.sleep(this.#turnMs - nowMs);
  }

  async #bothFamilies(resolver: promises.Resolver, name: string): Promise<Answer> {
    const v4 = settled(resolver.resolve4(name, { ttl: true }), 4);
    const v6 = settled(resolver.resolve6(name, { ttl: true }), 6);
    const first = await Promise.race([v4, v6]);
    const both = Promise.all([v4, v6]);
    const patience = Array.isArray(first) ? this.#options.clock.sleep(OTHER_FAMILY_MS).then(() => null) : both;
    const [found4, found6] = (await Promise.race([both, patience])) ?? [first, first];
    if (found4 === found6) return found4;
    if (!Array.isArray(found4) && !Array.isArray(found6)) return found4 === 'missing' ? found6 : found4;
    return [found4, found6].flatMap((found) => (Array.isArray(found) ? found : []));
  }

  /** A resolver reads resolv.conf once, when it is made, so a file that changed gets a new one. */
  #resolverFor(rules: NameRules): promises.Resolver {
    if (this.#resolver?.of === rules) return this.#resolver.made;
    const made = new promises.Resolver({ timeout: SERVER_MS, tries: 2 });
    if (this.#options.servers) made.setServers(this.#options.servers);
    this.#resolver = { made, of: rules };
    return made;
  }
}

type Answer = (LookupAddress & { ttl: number })[] | 'missing' | 'unanswered';

function settled(asked: Promise<{ address: string; ttl: number }[]>, family: 4 | 6): Promise<Answer> {
  return asked.then(
    (found) => (found.length > 0 ? found.map((one) => ({ ...one, family })) : 'missing'),
    ({ code }: NodeJS.ErrnoException) => (code === 'ENOTFOUND' || code === 'ENODATA' ? 'missing' : 'unanswered'),
  );
}

function toAnswer(found: (LookupAddress & { ttl: number })[]): { answer: LookupAddress[]; keepMs: number } {
  const ttlMs = Math.min(...found.map(({ ttl }) => ttl)) * 1_000;
  const answer = found.map(({ address, family }) => ({ address, family })).sort((a, b) => a.family - b.family);
  return { answer, keepMs: Math.max(KEPT_MS.least, Math.min(KEPT_MS.most, ttlMs)) };
}

function orThrow(answer: Kept['answer']): LookupAddress[] {
  if (answer instanceof NameError) throw answer;
  return answer;
}

/** `localhost` and what ends in it is this machine, also where no file says so (RFC 6761). */
function hostsAnswer(name: string, { hosts }: NameRules): LookupAddress[] | null {
  const bare = name.replace(/\.$/, '');
  const listed = hosts.get(bare) ?? (/(^|\.)localhost$/.test(bare) ? ['127.0.0.1', '::1'] : []);
  if (listed.length === 0) return null;
  return listed.map((address) => ({ address, family: isIP(address) })).sort((a, b) => a.family - b.family);
}

/** As resolv.conf(5) says: a name with enough dots first as it stands, one with a dot at its end only so. */
function candidatesOf(name: string, { search, dots }: NameRules): string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)];
  const behind = search.map((domain) => `${name}.${domain}`);
  return name.split('.').length - 1 >= dots ? [name, ...behind] : [...behind, name];
}

/** The names of this machine, as everything asks for them that is not handed others. */
export const machineNames: Readonly<Record<Purpose, Names>> = {
  cameras: new Names({ clock: systemClock }),
  webhooks: new Names({ clock: systemClock }),
  services: new Names({ clock: systemClock }),
};
