import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { PeopleList } from '../../alerts/deeds/people-list.tsx';
import { send } from '../../api.ts';
import { session } from '../../session.ts';
import { lasting } from '../../texts.ts';
import { type CaseAlert, type Incident, type Page, VERDICTS } from '../../types.ts';
import { t, tOf } from '../say.ts';
import { useAnswer } from '../use-answer.ts';
import type { DeedName } from './deeds.ts';
import { ChoiceField, type FieldProps, NameField, TextField } from './fields.tsx';
import { lineOf, type Values } from './form-draft.ts';
import { NEW_INCIDENT, SILENCE_OF, silencedBy } from './others.ts';

const SHELVE_MINUTES = [15, 60, 240, 1_440];
const SILENCE_MINUTES = [60, 240, 1_440, 10_080];

interface FormProps extends FieldProps {
  alert: CaseAlert;
}

/** What is to be said with each deed that needs words. */
export const FORMS: Partial<Record<DeedName, (props: FormProps) => ComponentChildren>> = {
  assign: (props) => (
    <>
      <PeopleList
        area={props.alert.jurisdiction}
        desk={props.alert.desk}
        chosen={props.values.to ?? ''}
        onChoose={(username) => props.set('to', username)}
      />
      <NameField {...props} name="to" label={t('deed.to')} needed />
      <button type="button" onClick={() => props.set('to', session.value?.username ?? '')}>
        {t('assign.me')}
      </button>
    </>
  ),
  dispatch: (props) => <NameField {...props} name="unit" label={t('deed.unit')} needed />,
  feedback: (props) => <TextField {...props} name="text" label={t('deed.found')} needed />,
  close: (props) => (
    <>
      <ChoiceField {...props} name="verdict" label={t('deed.verdict')} choices={verdicts()} />
      <TextField {...props} name="text" label={t('deed.note')} needed={false} />
    </>
  ),
  reopen: (props) => <TextField {...props} name="text" label={t('deed.reason')} needed />,
  shelve: (props) => (
    <>
      <ChoiceField {...props} name="minutes" label={t('deed.minutes')} choices={minutes(SHELVE_MINUTES)} />
      <TextField {...props} name="reason" label={t('deed.reason')} needed />
    </>
  ),
  silence: (props) => <SilenceFields {...props} />,
  merge: (props) => <MergeFields {...props} />,
};

/** What is sent with a deed of the alert itself. */
export function bodyOf(deed: DeedName, values: Values): unknown {
  const text = lineOf(values.text);
  if (deed === 'assign') return { to: lineOf(values.to) };
  if (deed === 'dispatch') return { unit: lineOf(values.unit) };
  if (deed === 'feedback' || deed === 'reopen') return { text };
  if (deed === 'close') return { verdict: values.verdict ?? VERDICTS[0], ...(text !== '' && { text }) };
  if (deed === 'shelve') {
    return { minutes: Number(values.minutes ?? SHELVE_MINUTES[0]), reason: lineOf(values.reason) };
  }
  return undefined;
}

function verdicts(): [string, string][] {
  return VERDICTS.map((verdict) => [verdict, tOf('verdict', verdict)]);
}

function minutes(choices: readonly number[]): [string, string][] {
  return choices.map((n) => [String(n), lasting(n * 60)]);
}

interface Preview {
  hides: number;
  leaves: number;
}

/** Says how much a silence would hide before it does. */
function SilenceFields(props: FormProps) {
  const { alert, values } = props;
  const [preview, setPreview] = useState<Preview | null>(null);
  const { of } = values;
  useEffect(() => {
    let isOver = false;
    setPreview(null);
    send<Preview>('POST', '/silences/preview', silencedBy(alert, of))
      .then((found) => !isOver && setPreview(found))
      // Without it the form says less, and what is wrong is said when it is sent.
      .catch(() => undefined);
    return () => {
      isOver = true;
    };
  }, [alert.id, of]);
  return (
    <>
      <ChoiceField {...props} name="of" label={t('deed.of')} choices={SILENCE_OF.map((one) => [one, ofText(one)])} />
      {preview && (
        <p class="hint" role="status">
          {t('deed.hides', { n: preview.hides })}
          {preview.leaves > 0 && ` · ${t('deed.leaves', { n: preview.leaves })}`}
        </p>
      )}
      <ChoiceField {...props} name="minutes" label={t('deed.minutes')} choices={minutes(SILENCE_MINUTES)} />
      <TextField {...props} name="reason" label={t('deed.reason')} needed />
    </>
  );
}

function ofText(of: (typeof SILENCE_OF)[number]): string {
  return t(`deed.of.${of}`);
}

function MergeFields(props: FormProps) {
  const { answer } = useAnswer<Page<Incident>>('/incidents?state=open');
  const known = (answer?.items ?? []).map(({ id, title }) => [id, title] as const);
  const { incident = NEW_INCIDENT } = props.values;
  return (
    <>
      <ChoiceField
        {...props}
        name="incident"
        label={t('deed.incident')}
        choices={[[NEW_INCIDENT, t('deed.newIncident')], ...known]}
      />
      {incident === NEW_INCIDENT && <NameField {...props} name="title" label={t('deed.incidentTitle')} needed />}
    </>
  );
}
