import type { StoredRow } from '../../../functions/core/publishing/outbox-store.ts';
import { fail } from '../promises/promises.ts';
import { SHARD } from '../state.ts';
import type { World } from '../worlds.ts';
import type { Story } from './story.ts';
import { live } from './usual.ts';

/** The connection whose sealed token somebody damaged. */
export const POISONED = 'archive';
const POISONED_EVENT = 'poisoned';

/** A token that does not open and an event of which no message can be made: everybody else goes on as ever (I16). */
export const poison: Story = async (world, plan) => {
  await live(world, plan, (minute) => {
    if (minute !== 1) return;
    if (plan.allows('poisoned token')) damageToken(world);
    if (plan.allows('poisoned event')) world.cloud.tables.rows.get(SHARD)?.set('!', poisonedRow(world));
  });
};

function damageToken({ cloud }: World): void {
  const { items } = cloud.connections;
  const item = items.get(POISONED);
  if (item?.refresh === undefined) return;
  const sealed = Uint8Array.from(item.refresh.sealed);
  sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1;
  items.set(POISONED, { ...item, refresh: { ...item.refresh, sealed } });
}

/** First of all rows; its data is no JSON. */
function poisonedRow({ scheduler }: World): StoredRow {
  const data = { number: 1n } as unknown as StoredRow['event']['data'];
  const time = new Date(scheduler.now);
  return {
    topic: 'events',
    order: 1,
    key: '!',
    createdAt: time,
    event: {
      id: POISONED_EVENT,
      type: 'steward.connection.suspect',
      source: '/steward/test/nobody',
      subject: 'a/first',
      time,
      summary: 'No message can be made of this',
      data,
    },
  };
}

/** In the end the event is set aside with its reason, and nobody was asked for because of a damaged item. */
export function checkPoison({ cloud, looks }: World): void {
  const aside = [...cloud.tables.poison.values()].flat();
  looks.at('I16');
  const waits = [...cloud.tables.rows.values()].some((rows) =>
    [...rows.values()].some(({ event }) => event.id === POISONED_EVENT),
  );
  if (waits) fail('I16: a poisoned event waits in the outbox');
  for (const { event, reason } of aside) if (reason === '') fail(`I16: ${event.id} is set aside and nobody knows why`);
}
