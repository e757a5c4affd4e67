import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import openapiTS, { astToString } from 'openapi-typescript';
import { pinnedNode } from '../pinned-node.mjs';
import { ROOT } from '../root.mjs';
import { headOf, partOf } from './part.mjs';

/** Makes web/src/ground/openapi.d.ts of the document that the API of this source tree gives out. */
const PRINT = join(ROOT, 'test/support/api/print-document.ts');

const printed = execFileSync(pinnedNode(), [PRINT], { cwd: ROOT, maxBuffer: 64 * 1024 * 1024 });
const part = partOf(JSON.parse(printed));
const types = astToString(await openapiTS(JSON.stringify(part), { alphabetize: false }));
writeFileSync(join(ROOT, 'web/src/ground/openapi.d.ts'), headOf(part, types) + types);
