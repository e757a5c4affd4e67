import type { DryRun } from '../../../../src/alerts/rules/dry-run/dry-runs.ts';
import type { Recording } from '../../../../src/alerts/rules/dry-run/recordings.ts';
import type { RuleVersion } from '../../../../src/alerts/rules/kept/rule-versions.ts';
import type { TrialPorts } from '../../../../src/api/trial-ports.ts';
import type { Caller } from '../../../../src/core/types.ts';
import type { KindDryRunAnswer } from '../../../../src/ingest/explain/kind-dry-run.ts';
import { requireHere } from '../api-parts.ts';

/** What each route of trials is asked. */
export const TRIAL_REQUESTS = {
  'POST /api/v1/kinds/dry-run': { payload: { yaml: 'kind: camera' }, ownAreaOnly: true },
  'POST /api/v1/rules/dry-run': { payload: { yaml: 'rule: fire' }, ownAreaOnly: true },
  'POST /api/v1/rules/dry-runs': { payload: { yaml: 'rule: fire' }, ownAreaOnly: true },
  'GET /api/v1/rules/dry-runs': { ownAreaOnly: true },
  'GET /api/v1/rules/dry-runs/:id': {},
  'POST /api/v1/rules/dry-runs/:id/cancel': {},
  'POST /api/v1/rules/recordings': {
    payload: Buffer.from('{"receivedAt":0,"gateway":"start"}'),
    type: 'application/x-ndjson',
    ownAreaOnly: true,
  },
  'GET /api/v1/rules/recordings': { ownAreaOnly: true },
  'DELETE /api/v1/rules/recordings/:id': { ifMatch: true },
  'POST /api/v1/rules': { payload: { yaml: 'rule: fire', reason: 'a new one' }, ownAreaOnly: true },
  'POST /api/v1/rules/:rule/end': { payload: { reason: 'not needed' }, ownAreaOnly: true },
  'GET /api/v1/rules/versions': { ownAreaOnly: true },
  'POST /api/v1/rules/versions/:id/approve': {},
  'POST /api/v1/rules/versions/:id/reject': { payload: { why: 'too many' } },
};

const DRY_RUN: DryRun = {
  id: 'dry-run-1',
  rule: 'fire',
  version: 2,
  state: 'running',
  fromMs: 0,
  toMs: 1,
  recording: null,
  progress: 0,
  createdAtMs: 0,
  endedAtMs: null,
  answer: null,
};

const RECORDING: Recording = {
  id: 'recording-1',
  lines: 1,
  bytes: 1,
  fromMs: 0,
  toMs: 0,
  createdAtMs: 0,
  untilMs: 1,
};

const RULE_VERSION: RuleVersion = {
  id: 'version-1',
  rule: 'full',
  version: 1,
  yaml: null,
  state: 'asked',
  reason: 'none',
  asked: { id: 'li', name: 'li', atMs: 0 },
  decided: null,
};

/** Nothing came in that a changed kind could be tried on, and one draft of a rule is being tried here. */
export function memoryTrials(): TrialPorts {
  const here = async (caller: Caller): Promise<DryRun> => {
    requireHere(caller);
    return DRY_RUN;
  };
  const versionHere = async (caller: Caller): Promise<RuleVersion> => {
    requireHere(caller);
    return RULE_VERSION;
  };
  return {
    kindDryRun: { run: async () => dryRunOfNothing() },
    ruleDryRuns: {
      create: async () => DRY_RUN,
      get: here,
      cancel: here,
      list: async () => ({ items: [], next: null }),
    },
    ruleRecordings: {
      keep: async () => RECORDING,
      list: async () => ({ items: [], next: null }),
      remove: async (caller) => requireHere(caller),
    },
    ruleVersions: {
      ask: async () => RULE_VERSION,
      askEnd: async () => RULE_VERSION,
      approve: versionHere,
      reject: versionHere,
      list: async () => ({ items: [], next: null }),
    },
  };
}

function dryRunOfNothing(): KindDryRunAnswer {
  const none = { decoded: 0, deadLettered: 0 };
  return {
    kind: 'camera',
    version: 2,
    codec: 'json',
    fromMs: 0,
    toMs: 0,
    complete: true,
    messages: 0,
    before: none,
    after: none,
    valuesChanged: 0,
    reasons: [],
    differences: [],
  };
}
