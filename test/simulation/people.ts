import { createTicket } from '../../functions/core/authorization/ticket.ts';
import { seededRandom } from '../support/token-world.ts';
import { BASE_URL } from './composition.ts';
import { between } from './random.ts';
import { PROVIDERS } from './vendors.ts';
import type { World } from './worlds.ts';

/** A person with a browser: the link, the button, the provider's page, and back with a code. */
export function consent(world: World, connection: string, key: string): void {
  const { scheduler, cloud } = world;
  const invocation = world.invoke(`operator@${key}`, 29, async (_, composition) => {
    const { clock } = composition.base();
    const { url } = await createTicket(
      {
        // The ticket is the operator's command; what a browser does with it is what is simulated.
        tickets: cloud.authorizations,
        connections: composition.connections(),
        providers: PROVIDERS,
        clock,
        random: seededRandom(`${scheduler.seed} ${key}`),
        publicBaseUrl: BASE_URL,
      },
      { connection },
    );
    press(world, connection, key, new URL(url).pathname);
  });
  // Who got no link asks for another one.
  scheduler.whenDead(invocation, () => scheduler.after(20_000, () => consent(world, connection, `${key}'`)));
}

const REQUEST = { method: 'GET', path: '/', rawQuery: '', cookies: [], isPrefetch: false } as const;

function press(world: World, connection: string, key: string, path: string): void {
  const { scheduler, vendors } = world;
  world.browse(`${key}-press`, { ...REQUEST, method: 'POST', path }, (response) => {
    const state = new URL(response.headers.location ?? 'none:').searchParams.get('state');
    if (state === null) return;
    const [cookie = ''] = (response.cookies[0] ?? '').split(';');
    scheduler.after(between(scheduler.seed, `signs in ${key}`, 200, 8000), () => {
      const code = vendors.code(connection, new Date(scheduler.now));
      const rawQuery = new URLSearchParams({ code, state }).toString();
      world.browse(key, { ...REQUEST, path: '/callback/actionstep', rawQuery, cookies: [cookie] }, () => undefined);
    });
  });
}

/** A person at the law firm writes a note; its webhooks are told. */
export function writeNote(world: World, key: string): void {
  const { scheduler, vendors } = world;
  const model = vendors.actionsteps.get('firm');
  const now = () => new Date(scheduler.now);
  const id = String(model?.createRecord('filenotes', {}, now()).id);
  const deliveries = model?.deliveries({ name: 'FileNoteCreated', resource: 'filenotes', id }) ?? [];
  for (const [place, delivery] of deliveries.entries()) {
    const [, connection = '', secret = ''] = /\/hooks\/([^/]+)\/([^/]+)$/u.exec(delivery.targetUrl) ?? [];
    const hint = { connection, secret, contentType: 'application/json', body: delivery.body };
    world.receive(`${key}-${place}`, hint, (taken) => model?.settle(delivery, taken ? 200 : 503, now()));
  }
}
