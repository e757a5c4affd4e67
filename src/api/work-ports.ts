import type { QueueBoard } from '../platform/work/queue-board.ts';
import type { SetApart } from '../platform/work/work-table.ts';

/** What administrators are shown of work that goes on. */
export interface WorkParts {
  /** What BullMQ holds, as a page. */
  queueBoard: Pick<QueueBoard, 'get'>;
  /** Work that fails again and again. */
  setApart(): Promise<SetApart[]>;
}
