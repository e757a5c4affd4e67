import { parseArgs } from 'node:util';
import { CitywatchError, messageOf } from '../core/errors.ts';
import { KnownSecrets } from '../core/observe.ts';
import { adopt } from './commands/adopt.ts';
import { backup } from './commands/backup.ts';
import { check } from './commands/check.ts';
import { type Arguments, type Command, EXIT, type Terminal, UsageError } from './commands/command.ts';
import { demo } from './commands/demo.ts';
import { changeDevices } from './commands/devices/change.ts';
import { exportDevices } from './commands/devices/export.ts';
import { importDevices } from './commands/devices/import.ts';
import { printLabels } from './commands/devices/labels.ts';
import { report } from './commands/devices/report.ts';
import { rotate } from './commands/devices/rotate.ts';
import { doctor } from './commands/doctor.ts';
import { kind } from './commands/kind.ts';
import { plan } from './commands/recordings/plan.ts';
import { recordings } from './commands/recordings/recordings.ts';
import { audit } from './commands/registers/audit.ts';
import { verify } from './commands/registers/verify.ts';
import { restore } from './commands/restore.ts';
import { rule } from './commands/rule.ts';
import { serve } from './commands/serve.ts';
import { simulate } from './commands/simulate/simulate.ts';
import { token } from './commands/token.ts';
import { tree } from './commands/tree.ts';
import { user } from './commands/user.ts';
import { closest } from './config/did-you-mean.ts';

/** Every command there is. */
const COMMANDS: readonly Command[] = [
  serve,
  demo,
  doctor,
  importDevices,
  exportDevices,
  changeDevices,
  printLabels,
  report,
  backup,
  restore,
  adopt,
  verify,
  audit,
  recordings,
  plan,
  simulate,
  kind,
  rule,
  check,
  rotate,
  token,
  user,
  tree,
];

/**
 * Runs `citywatch <words>` and resolves with the exit status: 0 stopped as asked, 1 failed, 2 bad arguments or
 * configuration. What went wrong is one clear sentence on standard error; for settings one line for each.
 */
export async function main(words: string[], terminal = standardTerminal()): Promise<number> {
  try {
    return await dispatch(words, terminal);
  } catch (error) {
    for (const line of explain(error)) terminal.complain(terminal.secrets.redact(line));
    const isUsage = error instanceof UsageError || (error instanceof CitywatchError && error.code === 'config.invalid');
    return isUsage ? EXIT.usage : EXIT.failed;
  }
}

function standardTerminal(): Terminal {
  return {
    print: (line) => void process.stdout.write(`${line}\n`),
    complain: (line) => void process.stderr.write(`${line}\n`),
    secrets: new KnownSecrets(),
  };
}

async function dispatch(words: string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = words;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    for (const line of overview()) terminal.print(line);
    return name === undefined ? EXIT.usage : EXIT.done;
  }
  const command = COMMANDS.find((known) => known.name === name);
  if (!command) {
    const near = closest(
      name,
      COMMANDS.map((known) => known.name),
    );
    const hint = near ? `did you mean ${near}?` : 'citywatch --help lists them';
    throw new UsageError(`There is no command ${name}; ${hint}`);
  }
  const given = read(command, rest);
  if (given.options.help) {
    for (const line of help(command)) terminal.print(line);
    return EXIT.done;
  }
  return command.run(given, terminal);
}

function read({ name, options }: Command, args: string[]): Arguments {
  try {
    const all = { ...options, help: { type: 'boolean', short: 'h' } } as const;
    const { values, positionals } = parseArgs({ args, options: all, allowPositionals: true, strict: true });
    return { words: positionals, options: { ...values } };
  } catch (error) {
    throw new UsageError(`${messageOf(error).split('. ')[0]}; see citywatch ${name} --help`);
  }
}

function overview(): string[] {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  return [
    'usage: citywatch COMMAND [--help]',
    '',
    ...COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'Settings: docs/settings.md. Exit status: 0 stopped as asked, 1 failed, 2 bad arguments or configuration.',
  ];
}

function help({ name, usage, summary, details }: Command): string[] {
  return [
    `usage: citywatch ${name} ${usage}`.trimEnd(),
    '',
    `${summary[0]?.toUpperCase()}${summary.slice(1)}.`,
    ...details,
  ];
}

function explain(error: unknown): string[] {
  if (error instanceof CitywatchError && error.issues.length > 1) {
    return error.issues.map(({ path, message }) => `${path}: ${message}`);
  }
  if (error instanceof CitywatchError || error instanceof UsageError) return [error.message];
  return [`citywatch failed: ${messageOf(error)}`];
}
