import { z } from 'zod';

/** One setting: its place in the file is its place in the tree of settings, its variable overrides the file. */
export interface Setting<Value> {
  readonly variable: string;
  readonly schema: z.ZodType<Value>;
  readonly default: Value;
  /** What a right value looks like, as the end of the sentence "… is not". */
  readonly range: string;
  /** Unit of a number; empty where there is none. */
  readonly unit: string;
  readonly meaning: string;
  /** How the text of a variable becomes a value of the file. */
  readonly fromText: 'text' | 'number' | 'list';
  /** Whether it may be read from a file: variable and key with `_FILE`, `File` at the end. */
  readonly fromFile: boolean;
  /** Whether the value must never be shown. A URL is secret because it may carry a password. */
  readonly secret: boolean;
}

type Rest<Value> = Partial<Omit<Setting<Value>, 'variable' | 'meaning' | 'default'>>;

export type Head = [variable: string, meaning: string];

export function setting<Value>([variable, meaning]: Head, schema: z.ZodType<Value>, value: Value, rest: Rest<Value>) {
  return {
    range: '',
    unit: '',
    fromText: 'text',
    fromFile: false,
    secret: false,
    variable,
    meaning,
    schema,
    default: value,
    ...rest,
  } satisfies Setting<Value>;
}

export const text = z.string().min(1).max(4096);

export function optionalText(head: Head, rest: Rest<string | null> = {}): Setting<string | null> {
  return setting<string | null>(head, text.nullable(), null, { range: 'text of 1 to 4096 characters', ...rest });
}

const NAME = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);

export function name(head: Head): Setting<string | null> {
  return setting<string | null>(head, NAME.nullable(), null, { range: '1 to 64 letters, digits, _ and -' });
}

export function path(head: Head): Setting<string | null> {
  return optionalText(head, { range: 'the path of a file' });
}

export function port(head: Head, value: number): Setting<number> {
  const schema = z.int().min(0).max(65_535);
  return setting<number>(head, schema, value, { range: 'a whole number from 0 to 65535', fromText: 'number' });
}

export function days(head: Head, value: number): Setting<number> {
  const range = 'a whole number from 1 to 36500';
  return setting<number>(head, z.int().min(1).max(36_500), value, { range, unit: 'days', fromText: 'number' });
}

/** How long something is kept, ten years at most; `min` where a shorter time would break what others rely on. */
export function daysKept(head: Head, value: number, min = 1): Setting<number> {
  const range = `a whole number from ${min} to 3650`;
  return setting<number>(head, z.int().min(min).max(3650), value, { range, unit: 'days', fromText: 'number' });
}

export function host(head: Head): Setting<string> {
  const schema = z.string().regex(/^[A-Za-z0-9.:-]{1,253}$/);
  return setting<string>(head, schema, '127.0.0.1', { range: 'a host name or an IP address to listen on' });
}

export function secret(head: Head, minLength: number): Setting<string | null> {
  const schema = z.string().min(minLength).max(4096).nullable();
  const range = `a secret of ${minLength} to 4096 characters`;
  return setting<string | null>(head, schema, null, { range, fromFile: true, secret: true });
}

/** A URL with one of `schemes`. Its credentials, where the scheme has them, are hidden from every log. */
export function url(head: Head, schemes: string[], credentials: 'allowed' | 'refused'): Setting<string | null> {
  const isRight = (value: string) => {
    const parts = URL.canParse(value) ? new URL(value) : null;
    if (!parts || !schemes.includes(parts.protocol.slice(0, -1))) return isSocketUrl(value, schemes);
    return credentials === 'allowed' || (parts.username === '' && parts.password === '');
  };
  const without = credentials === 'refused' ? ' without a user name or password in it' : '';
  const range = `a URL that starts with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}${without}`;
  return setting<string | null>(head, text.refine(isRight).nullable(), null, {
    range,
    fromFile: true,
    secret: credentials === 'allowed',
  });
}

/** `postgresql://user:password@/name?host=/directory`: how PostgreSQL names a unix socket; no URL by the book. */
function isSocketUrl(value: string, schemes: string[]): boolean {
  return schemes.some((scheme) => value.startsWith(`${scheme}://`)) && /^\w+:\/\/[^/@\s]*@\/\S*$/.test(value);
}

/** Settings, and groups of them, as the values they have. */
export type ValuesOf<Tree> = {
  readonly [Key in keyof Tree]: Tree[Key] extends Setting<infer Value> ? Value : ValuesOf<Tree[Key]>;
};

export function isSetting(node: object): node is Setting<unknown> {
  return 'variable' in node && typeof node.variable === 'string';
}
