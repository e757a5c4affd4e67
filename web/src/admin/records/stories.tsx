import { useAnswer } from '../../case/use-answer.ts';
import type { Page } from '../../types.ts';
import { t } from '../say.ts';
import type { Story } from '../types.ts';
import { timeText } from '../words.ts';

/** What became of a message, stage by stage, as the gateway tells it. */
export function Stories({ path }: { path: string }) {
  const { answer, refused } = useAnswer<Page<Story>>(path);
  if (refused || answer?.items.length === 0) return <p class="hint">{t('story.none')}</p>;
  if (!answer) return <p class="hint">{t('part.reading')}</p>;
  return (
    <div role="status">
      {answer.items.map(({ receipt, device, uplink, channel, receivedAt, stages }) => (
        <section key={receipt} class="admin-part" aria-label={receipt}>
          <p>
            <b>
              <bdi>{device}</bdi>
            </b>{' '}
            {timeText(receivedAt)} · {uplink} · {channel} · <bdi>{receipt}</bdi>
          </p>
          <ol class="stages" lang="en">
            {stages.map(({ stage, outcome, detail }) => (
              <li key={stage}>
                <b>{stage}</b> {outcome} <bdi>{detail}</bdi>
              </li>
            ))}
          </ol>
        </section>
      ))}
    </div>
  );
}
