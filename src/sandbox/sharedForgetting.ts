import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { SharedStore } from '../store/sharedStore.ts';

const news = z.object({ id: z.string(), from: z.string() });

/**
 * Tells the other instances of sandboxes of which what was known is no longer true.
 *
 * @param drop called for what they tell of
 * @returns tells them of one, by its id or the name that it goes by
 */
export function shareForgetting(
  store: SharedStore,
  drop: (id: string) => void,
): (id: string) => void {
  const own = randomUUID();
  store.subscribe('sandbox', news, ({ id, from }) => {
    if (from !== own) drop(id);
  });
  return (id) => void store.publish('sandbox', { id, from: own });
}
