import { useAnswer } from '../case/use-answer.ts';
import type { Colleague, Page } from '../types.ts';

interface PeopleQuestion {
  /** An area of the reader's; all of theirs without it. */
  jurisdiction?: string;
  can?: 'alerts.handle' | 'faults.handle' | 'watchlists.approve' | 'watchlists.confirm';
}

/** Who sees a place and may do something there; null until it is known, none where it cannot be. */
export function usePeople({ jurisdiction, can = 'alerts.handle' }: PeopleQuestion): readonly Colleague[] | null {
  const query = new URLSearchParams({ can, ...(jurisdiction !== undefined && { jurisdiction }) });
  const { answer, refused } = useAnswer<Page<Colleague>>(`/duty/people?${query}`);
  return refused ? [] : (answer?.items ?? null);
}
