import { StreamFailure } from '../../../src/streams/pool/types.ts';

/** The reason of the stream failure that `run` throws; null when it throws none, and anything else goes through. */
export function reasonOf(run: () => unknown): string | null {
  try {
    run();
    return null;
  } catch (error) {
    if (error instanceof StreamFailure) return error.reason;
    throw error;
  }
}
