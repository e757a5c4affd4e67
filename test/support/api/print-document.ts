import { startApi } from './api.ts';

/** Prints the OpenAPI document of this source tree, for `scripts/api-types`. */
const ends: (() => unknown)[] = [];
const { call } = await startApi({ teardown: (end) => ends.push(end) });
const { text } = await call({ method: 'GET', url: '/api/openapi.json' });
process.stdout.write(text);
for (const end of ends.reverse()) await end();
