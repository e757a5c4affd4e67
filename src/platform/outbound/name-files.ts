import { readFile, stat } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { Joined } from '../../core/mechanisms/one-at-a-time.ts';

/** Where the machine says how names become addresses. */
export interface NameFilePaths {
  hosts: string;
  nsswitch: string;
  resolv: string;
}

const MACHINE_FILES: NameFilePaths = {
  hosts: '/etc/hosts',
  nsswitch: '/etc/nsswitch.conf',
  resolv: '/etc/resolv.conf',
};

/** What those files say today. */
export interface NameRules {
  /** Addresses by lower-case name, in the order of the file. */
  hosts: ReadonlyMap<string, string[]>;
  /** Whom to ask, in this order; `last` ends the search when a name is not found there. */
  sources: { from: 'hosts' | 'dns'; last: boolean }[];
  /** Tried behind a name that has fewer dots than `dots`, before it is asked for as it stands; behind others after. */
  search: string[];
  dots: number;
}

const LOOK_AGAIN_MS = 5_000;
/** glibc's limit before 2.26; more would only multiply the questions about a name that is not there. */
const SEARCH_MAX = 6;
const DOTS_MAX = 15;

/** The rules of the machine, read again within 5 s after a file changed. */
export class NameFiles {
  readonly #clock: Clock;
  readonly #paths: NameFilePaths;
  #known: { rules: NameRules; stamp: string; atMs: number } | null = null;
  readonly #reading = new Joined<NameRules>();

  constructor(clock: Clock, paths: NameFilePaths = MACHINE_FILES) {
    this.#clock = clock;
    this.#paths = paths;
  }

  rules(): Promise<NameRules> {
    const known = this.#known;
    if (known && this.#clock.monotonicMs() - known.atMs < LOOK_AGAIN_MS) return Promise.resolve(known.rules);
    return this.#reading.run(() => this.#read());
  }

  async #read(): Promise<NameRules> {
    const { hosts, nsswitch, resolv } = this.#paths;
    const stamp = (await Promise.all([hosts, nsswitch, resolv].map(stampOf))).join(' ');
    const atMs = this.#clock.monotonicMs();
    const same = this.#known?.stamp === stamp ? this.#known.rules : null;
    const rules = same ?? toRules(await textOf(hosts), await textOf(nsswitch), await textOf(resolv));
    this.#known = { rules, stamp, atMs };
    return rules;
  }
}

async function stampOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => null);
  return found ? `${found.mtimeMs}/${found.size}/${found.ino}` : 'absent';
}

function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

/** The rules that these three texts make; a file that is not there is an empty text. */
function toRules(hosts: string, nsswitch: string, resolv: string): NameRules {
  return { hosts: readHosts(hosts), sources: readSources(nsswitch), ...readResolv(resolv) };
}

function linesOf(text: string): string[][] {
  return text
    .split('\n')
    .map((line) => line.replace(/[#;].*/, '').trim())
    .filter((line) => line !== '')
    .map((line) => line.split(/\s+/));
}

function readHosts(text: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [address = '', ...names] of linesOf(text)) {
    if (isIP(address) === 0) continue;
    for (const name of names) {
      const key = name.toLowerCase();
      found.set(key, [...(found.get(key) ?? []), address]);
    }
  }
  return found;
}

/** `hosts: files dns` where the file says nothing. Sources that we cannot ask (mdns, nis, ldap) are passed over. */
function readSources(text: string): NameRules['sources'] {
  const line = /^[ \t]*hosts:(.*)$/im.exec(text.replace(/#.*/g, ''))?.[1] ?? 'files dns';
  const sources: NameRules['sources'] = [];
  for (const [, word = '', action = ''] of line.matchAll(/([\w.-]+)\s*(\[[^\]]*\])?/g)) {
    const last = /notfound=return|!unavail=return/i.test(action);
    if (word === 'files') sources.push({ from: 'hosts', last });
    else if (word === 'dns') sources.push({ from: 'dns', last });
    // systemd-resolved looks into /etc/hosts itself, and resolv.conf leads to it.
    else if (word === 'resolve') sources.push({ from: 'hosts', last: false }, { from: 'dns', last });
  }
  return sources;
}

function readResolv(text: string): Pick<NameRules, 'search' | 'dots'> {
  let search: string[] = [];
  let dots = 1;
  for (const [key, ...words] of linesOf(text)) {
    if (key === 'search' || key === 'domain') search = words.map((word) => word.toLowerCase().replace(/\.$/, ''));
    if (key !== 'options') continue;
    const asked = words.flatMap((word) => /^ndots:(\d{1,3})$/.exec(word)?.[1] ?? []).at(-1);
    if (asked !== undefined) dots = Math.min(DOTS_MAX, Number(asked));
  }
  return { search: search.filter((domain) => domain !== '').slice(0, SEARCH_MAX), dots };
}
