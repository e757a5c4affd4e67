import { z } from 'zod';
import { DAY_S } from '../../core/clock.ts';
import { GATEWAY_ALONE } from '../../core/types.ts';
import { fields, name, title } from './kind-field.ts';

const COMMANDS_MAX = 32;
/** What a secret of ours has. */
const SECRET_CHARACTERS = 43;
const ARGS_MAX = 16;
const TIMEOUT_S_MAX = DAY_S;
const EXPIRES_S_MAX = 30 * DAY_S;

/** What only makes sense in what a device sends, or would put in the clear what must not be. */
const NOT_IN_ARGS = ['path', 'scale', 'offset', 'map', 'tag', 'sensitive'] as const;

/** One thing a device of the kind can be told to do. */
const command = z
  .strictObject({
    title: title.optional(),
    args: fields.optional(),
    required: z.array(z.string()).optional(),
    /** From when it was asked for until its deadline, where nobody asks for another one. */
    timeout_s: z.number().min(1).max(TIMEOUT_S_MAX).optional(),
    /** The furthest deadline that may be asked for: so long it may wait for a device that is away. */
    expires_s: z.number().min(1).max(EXPIRES_S_MAX).optional(),
    /** Who may ask for it: this role and those above; `gateway`: nobody, see {@link SET_SECRET}. */
    role: z.enum(['technician', 'operator', 'admin', GATEWAY_ALONE]).optional(),
  })
  .superRefine(({ args = {}, required = [], timeout_s, expires_s }, context) => {
    const wrong = (path: PropertyKey[], message: string) => context.addIssue({ code: 'custom', path, message });
    if (Object.keys(args).length > ARGS_MAX) wrong(['args'], `at most ${ARGS_MAX} arguments`);
    for (const [key, spec] of Object.entries(args)) {
      const odd = NOT_IN_ARGS.find((part) => part in spec);
      if (odd) wrong(['args', key, odd], 'has no place in an argument');
    }
    for (const [index, key] of required.entries()) {
      if (!Object.hasOwn(args, key)) wrong(['required', index], `"${key}" is not one of the args`);
    }
    if ((expires_s ?? EXPIRES_S) < (timeout_s ?? 0)) wrong(['expires_s'], 'must not be below timeout_s');
  });

/** Defaults stand here and not in the schema: a stored kind must stay as it was written. */
export const TIMEOUT_S = 60;
export const EXPIRES_S = DAY_S;

/**
 * The command by which a device gets a new secret: nobody but the gateway gives it, and its one argument is kept sealed
 * on the way.
 */
export const SET_SECRET = 'set_secret';

function isSetSecret({ role, args = {}, required = [] }: z.infer<typeof command>): boolean {
  const { secret, ...others } = args;
  const isText = secret?.type === 'text' && secret.max_length >= SECRET_CHARACTERS;
  return role === GATEWAY_ALONE && isText && Object.keys(others).length === 0 && required.includes('secret');
}

export const commands = z
  .record(name, command)
  .superRefine((all, context) => {
    for (const [key, spec] of Object.entries(all)) {
      if (key === SET_SECRET ? isSetSecret(spec) : spec.role !== GATEWAY_ALONE) continue;
      const message =
        `only ${SET_SECRET} has the role gateway, and it has to: with one argument, secret, required, a text of ` +
        `max_length ${SECRET_CHARACTERS} or more; extend _secret.yaml`;
      context.addIssue({ code: 'custom', path: [key], message });
    }
  })
  .refine((all) => Object.keys(all).length <= COMMANDS_MAX, `at most ${COMMANDS_MAX} commands`)
  .optional();

export type CommandFile = z.infer<typeof command>;
export type CommandFiles = Record<string, CommandFile>;
