import type { Account } from './digest.ts';
import { leaf, operationUnknown, pick, SoapFault, type SoapRequest, tag, textOf, type XmlValue } from './onvif/soap.ts';

/** What a maker asks of a password. */
export interface PasswordRule {
  min: number;
  max: number;
  /** How many of lower case, upper case, digits and signs must be in it. */
  classes: number;
  /** Characters that are refused. */
  forbidden: string;
}

export interface UserOptions {
  rule?: PasswordRule;
  /** Wrong logins within half an hour after which nobody is let in for as long; never where it is left out. */
  lockAfter?: number;
  /** False: `CreateUsers` is an operation it does not have. */
  createsUsers?: boolean;
}

const LOCK_MS = 30 * 60_000;
const USERS_MAX = 10;
const OPERATIONS = ['GetUsers', 'CreateUsers', 'SetUser', 'DeleteUsers'];

/** The accounts of a camera, one store for all its doors. They outlive its power. */
export class Users {
  readonly #options: UserOptions;
  readonly #first: string;
  readonly #known = new Map<string, { password: string; level: string }>();
  readonly #wrongAtMs: number[] = [];
  /** Wrong logins since the camera was made; those of a locked camera are among them. */
  wrongLogins = 0;

  constructor(first: Account, options: UserOptions = {}) {
    this.#options = options;
    this.#first = first.username;
    this.#known.set(first.username, { password: first.password, level: 'Administrator' });
  }

  get names(): string[] {
    return [...this.#known.keys()];
  }

  passwordOf(username: string): string | null {
    return this.#known.get(username)?.password ?? null;
  }

  /** Null for one that is not there, and for everybody while the camera is locked. */
  find(username: string): Account | null {
    const password = this.passwordOf(username);
    return password === null || this.locked ? null : { username, password };
  }

  get locked(): boolean {
    const { lockAfter } = this.#options;
    const sinceMs = Date.now() - LOCK_MS;
    return lockAfter !== undefined && this.#wrongAtMs.filter((atMs) => atMs > sinceMs).length >= lockAfter;
  }

  /** Somebody brought a login that is not right. */
  wrong(): void {
    this.wrongLogins += 1;
    this.#wrongAtMs.push(Date.now());
    if (this.#wrongAtMs.length > (this.#options.lockAfter ?? 1)) this.#wrongAtMs.shift();
  }

  /** As half an hour without a wrong login does. */
  forgive(): void {
    this.#wrongAtMs.length = 0;
  }

  /** What stands inside `...Response`; null for an operation that is none of users. */
  answer({ operation, body }: SoapRequest): string | null {
    if (!OPERATIONS.includes(operation)) return null;
    if (operation === 'CreateUsers' && this.#options.createsUsers === false) throw operationUnknown();
    if (operation === 'GetUsers') return this.#list();
    if (operation === 'DeleteUsers') for (const name of textsOf(pick(body, 'Username'))) this.#delete(name);
    else for (const user of listOf(pick(body, 'User'))) this.#write(operation === 'CreateUsers', user);
    return '';
  }

  #list(): string {
    const shown = ([name, { level }]: [string, { level: string }]): string =>
      tag('tds:User', leaf('tt:Username', name), leaf('tt:UserLevel', level));
    return [...this.#known].map(shown).join('');
  }

  #write(isNew: boolean, user: XmlValue): void {
    const username = textOf(pick(user, 'Username'));
    const known = this.#known.get(username);
    if (isNew && known) throw refused('UsernameClash', 'Username already exists');
    if (!isNew && !known) throw new SoapFault(400, 'Sender', ['InvalidArgVal', 'UsernameMissing'], 'No such user');
    if (isNew && this.#known.size >= USERS_MAX) throw refused('TooManyUsers', 'Maximum number of users reached');
    const password = textOf(pick(user, 'Password')) || known?.password || '';
    if (!this.#isAllowed(password)) throw refused('PasswordTooWeak', 'Too weak password');
    this.#known.set(username, { password, level: textOf(pick(user, 'UserLevel')) || known?.level || 'User' });
  }

  #delete(username: string): void {
    if (username === this.#first) throw new SoapFault(400, 'Sender', ['InvalidArgVal', 'FixedUser'], 'Fixed user');
    if (!this.#known.delete(username)) {
      throw new SoapFault(400, 'Sender', ['InvalidArgVal', 'UsernameMissing'], 'No such user');
    }
  }

  #isAllowed(password: string): boolean {
    const { rule } = this.#options;
    if (!rule) return password !== '';
    const classes = [/[a-z]/, /[A-Z]/, /\d/, /[^a-zA-Z\d]/].filter((one) => one.test(password)).length;
    const isLong = password.length >= rule.min && password.length <= rule.max;
    return isLong && classes >= rule.classes && ![...rule.forbidden].some((one) => password.includes(one));
  }
}

function refused(subcode: string, reason: string): SoapFault {
  return new SoapFault(400, 'Sender', ['OperationProhibited', subcode], reason);
}

function listOf(value: XmlValue | undefined): XmlValue[] {
  return value === undefined ? [] : [value].flat();
}

function textsOf(value: XmlValue | undefined): string[] {
  return listOf(value).map(textOf);
}
