import { invalid } from '../core/errors.ts';

export const PASSWORD_LENGTH_MIN = 12;
export const PASSWORD_LENGTH_MAX = 256;

/** Long rather than tricky, and not the name itself (NIST SP 800-63B). Errors: `request.invalid` for `field`. */
export function checkPassword(field: string, password: string, username: string): void {
  const { length } = [...password];
  if (length < PASSWORD_LENGTH_MIN || length > PASSWORD_LENGTH_MAX) {
    throw invalid(field, `must have ${PASSWORD_LENGTH_MIN} to ${PASSWORD_LENGTH_MAX} characters`);
  }
  const plain = password.toLowerCase();
  if (new Set(plain).size < 5 || plain === username) throw invalid(field, 'is too easy to guess');
}
