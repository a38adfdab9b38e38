import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { SharedStore } from '../store/sharedStore.ts';

const news = z.object({ id: z.string(), from: z.string() });

/**
 * Shares news of sandboxes with the other instances: that what was known of one is no longer true,
 * or that one is being started.
 *
 * @param heard called with what they tell of, by its id or the name that it goes by
 * @returns tells them of one
 */
export function shareNews(
  store: SharedStore | undefined,
  topic: 'forgotten' | 'forgotten-all' | 'starting',
  heard: (id: string) => void,
): (id: string) => void {
  if (!store) return () => {};
  const own = randomUUID();
  store.subscribe(topic, news, ({ id, from }) => {
    if (from !== own) heard(id);
  });
  return (id) => void store.publish(topic, { id, from: own });
}
