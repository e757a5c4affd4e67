import { parseArgs } from 'node:util';
import { SetupError } from '../shell.mjs';

const RUNS_MAX = 20;
const OPTIONS = {
  keep: { type: 'boolean', default: false },
  page: { type: 'boolean', default: false },
  runs: { type: 'string', default: '1' },
};

/**
 * `[NAME...] [--keep] [--runs N]`, or `--page` alone. A name is that of a file of bench/, without `.ts`; without any,
 * all are meant. `--keep` writes bench/results and the page; `--page` writes the page from what is kept.
 */
export function parseArguments(args) {
  const { values, positionals: names } = read(args);
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1 || runs > RUNS_MAX) {
    throw new SetupError(`--runs takes a whole number from 1 to ${RUNS_MAX}`);
  }
  return { names, runs, keep: values.keep, page: values.page };
}

function read(args) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new SetupError(error.message);
  }
}
