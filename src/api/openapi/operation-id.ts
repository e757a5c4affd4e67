const VERSION_PREFIX = /^\/api\/v\d+/;

/**
 * The name of an operation in the OpenAPI document, such as `getDevice` or `postDeviceCredentialsRotate`: method and
 * path, with the singular of what a parameter picks one of. It follows from what the contract keeps as it is, so no
 * release gives an operation another name, and code made from the document keeps working.
 *
 * `url` has parameters as `:name`.
 */
export function operationIdOf(method: string, url: string): string {
  const parts = url.replace(VERSION_PREFIX, '').split('/').filter(Boolean);
  const names = parts.flatMap((part, index) => {
    if (!isParameter(part)) return [isParameter(parts[index + 1]) ? singular(part) : part];
    // A parameter after another one is all that tells this path from the shorter one.
    return isParameter(parts[index - 1]) ? [part.slice(1)] : [];
  });
  const words = names.flatMap((name) => name.split(/[^A-Za-z0-9]+/)).filter(Boolean);
  return [method.toLowerCase(), ...words.map(capital)].join('');
}

function isParameter(part: string | undefined): boolean {
  return part?.startsWith(':') ?? false;
}

function singular(noun: string): string {
  if (noun.endsWith('ies')) return `${noun.slice(0, -3)}y`;
  return noun.endsWith('s') ? noun.slice(0, -1) : noun;
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
