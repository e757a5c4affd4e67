import { CitywatchError, type Issue } from '../../core/errors.ts';
import { forbiddenText } from '../../core/forbidden/values.ts';
import { type CommandSpec, type DeviceKind, type FieldSpec, GATEWAY_ALONE } from '../../core/types.ts';
import { compileFields } from '../decode/compiled-kind.ts';
import { HIDDEN } from '../decode/refusals.ts';
import { Scratch } from '../decode/scratch.ts';
import { takeValue } from '../decode/values.ts';

/** As JSON; a device has to hold it in one piece. */
const ARGS_BYTES_MAX = 16 * 1024;
/** So many arguments are looked at; the rest is no better. */
const ISSUES_MAX = 20;

type Args = Record<string, unknown>;

/** The command of this name. Errors: `request.invalid` that names those there are. */
export function commandOf(kind: DeviceKind | undefined, name: string): CommandSpec {
  const spec = kind?.commands.get(name);
  if (spec) return spec;
  const given = [...(kind?.commands ?? [])].filter(([, { role }]) => role !== GATEWAY_ALONE);
  const known = given.map(([one]) => one).join(', ');
  const what = kind?.kind ?? 'a device whose kind has no file any more';
  throw invalid([{ path: 'name', message: known === '' ? `${what} takes no commands` : `${what} takes: ${known}` }]);
}

/** The arguments as the device gets them. Errors: `request.invalid` naming each wrong one and what would be right. */
export function readArgs(name: string, spec: CommandSpec, given: Args): Args {
  const fields = compileFields(spec.args);
  const scratch = new Scratch();
  const issues: Issue[] = [];
  for (const [key, value] of Object.entries(given)) {
    const shown = forbiddenText(key) === null ? key : HIDDEN;
    const path = `args.${shown}`.slice(0, PATH_CHARACTERS_MAX);
    const field = fields.get(key);
    if (!field) issues.push({ path, message: `is no argument of ${name}; ${listOf(spec)}` });
    else if (!takeValue(scratch, key, value, field)) issues.push({ path, message: wrongness(field.spec, scratch) });
    if (issues.length === ISSUES_MAX) break;
  }
  for (const key of spec.required) {
    if (!Object.hasOwn(given, key)) {
      issues.push({ path: `args.${key}`, message: `is missing; it must be ${describe(spec.args.get(key)!)}` });
    }
  }
  const args = Object.fromEntries(scratch.values);
  if (Buffer.byteLength(JSON.stringify(args)) > ARGS_BYTES_MAX) {
    issues.push({ path: 'args', message: `are longer than ${ARGS_BYTES_MAX} bytes as JSON` });
  }
  if (issues.length > 0) throw invalid(issues);
  return args;
}

const PATH_CHARACTERS_MAX = 64;

export function invalid(issues: Issue[]): CitywatchError {
  return new CitywatchError('request.invalid', { issues });
}

function listOf({ args }: CommandSpec): string {
  return args.size === 0 ? 'it takes none' : `it takes: ${[...args.keys()].join(', ')}`;
}

function wrongness(spec: FieldSpec, { problem }: Scratch): string {
  const forbidden = problem.reason.startsWith('forbidden-') ? 'holds what must not enter; ' : '';
  return `${forbidden}must be ${describe(spec)}`;
}

/** What a value must be, for a person. */
export function describe(spec: FieldSpec): string {
  switch (spec.type) {
    case 'number':
    case 'integer': {
      const what = spec.type === 'integer' ? 'a whole number' : 'a number';
      return `${what} from ${spec.min} to ${spec.max}${spec.unit === null ? '' : ` ${spec.unit}`}`;
    }
    case 'boolean':
      return 'true or false';
    case 'text':
      return `a text of at most ${spec.maxLength} characters without control characters`;
    case 'enum':
      return `one of: ${spec.values.join(', ')}`;
    case 'list':
      return `a list of at most ${spec.maxItems} texts of at most ${spec.maxLength} characters`;
  }
}
