import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

const CRL_DAYS = 'default_crl_days = 2';

/** A certificate authority made with openssl, as an operator would. */
export class Authority {
  readonly #dir: string;

  constructor(dir: string, name: string) {
    this.#dir = join(dir, name);
    mkdirSync(this.#dir, { recursive: true });
    const subject = ['-days', '2', '-subj', `/CN=${name}`];
    this.#openssl('req', '-x509', ...NEW_KEY, '-keyout', 'ca.key', '-out', 'ca.pem', ...subject);
  }

  get ca(): string {
    return this.#read('ca.pem');
  }

  /** A certificate for `cn`; with 0 days it has expired when it is made. */
  issue(cn: string, validDays = 1): { cert: string; key: string } {
    const file = `${cn}-${validDays}`;
    this.#openssl('req', '-new', ...NEW_KEY, '-keyout', `${file}.key`, '-out', `${file}.csr`, '-subj', `/CN=${cn}`);
    const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', String(validDays)];
    this.#openssl('x509', '-req', '-in', `${file}.csr`, ...by, '-out', `${file}.pem`);
    return { cert: this.#read(`${file}.pem`), key: this.#read(`${file}.key`) };
  }

  /** The list of revoked certificates with that of `cn` on it. */
  revoke(cn: string, validDays = 1): string {
    const config = `[ca]\ndefault_ca = city\n[city]\ndatabase = index.txt\ndefault_md = sha256\n${CRL_DAYS}\n`;
    writeFileSync(join(this.#dir, 'ca.cnf'), config);
    writeFileSync(join(this.#dir, 'index.txt'), '', { flag: 'a' });
    const by = ['-config', 'ca.cnf', '-cert', 'ca.pem', '-keyfile', 'ca.key'];
    this.#openssl('ca', ...by, '-revoke', `${cn}-${validDays}.pem`);
    this.#openssl('ca', ...by, '-gencrl', '-out', 'crl.pem');
    return this.#read('crl.pem');
  }

  #read(name: string): string {
    return readFileSync(join(this.#dir, name), 'utf8');
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.#dir, stdio: 'ignore' });
  }
}

/** A certificate that a device with this address has made for itself. */
export function selfSigned(dir: string, address: string): { cert: string; key: string } {
  const [cert, key] = [join(dir, `${address}.pem`), join(dir, `${address}.key`)];
  const subject = ['-days', '2', '-subj', '/CN=camera', '-addext', `subjectAltName=IP:${address}`];
  execFileSync('openssl', ['req', '-x509', ...NEW_KEY, '-keyout', key, '-out', cert, ...subject], { stdio: 'ignore' });
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
}
