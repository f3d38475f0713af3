import type { World } from '../worlds.ts';
import { ArchiveChecks } from './archive.ts';
import { ConnectionChecks } from './connections.ts';
import { EventChecks } from './events.ts';
import { PresentationChecks } from './presentations.ts';
import { fail, Looks } from './promises.ts';
import { ReturnChecks } from './returns.ts';

/** The promises of RELIABILITY 6, looked at after every step of a run. */
export class Invariants {
  readonly looks: Looks;
  readonly archive: ArchiveChecks;
  readonly #world: World;
  readonly #checks: readonly { check(): void }[];

  constructor(world: World) {
    const { looks } = world;
    this.#world = world;
    this.looks = looks;
    this.archive = new ArchiveChecks(world, looks);
    this.#checks = [
      new ConnectionChecks(world, looks),
      new PresentationChecks(world, looks),
      new EventChecks(world, looks),
      new ReturnChecks(world, looks),
      this.archive,
    ];
  }

  check(): void {
    const { ports, vendors, executions } = this.#world;
    for (const list of [ports.violations, ports.trace.refusals, vendors.violations, executions.violations]) {
      if (list.length > 0) fail(list.join('; '));
    }
    for (const one of this.#checks) one.check();
  }

  /** I11: no token, code or secret in anything that is written down. */
  checkSinks(): void {
    const { lines, cloud, vendors } = this.#world;
    const sinks = [
      JSON.stringify(lines),
      ...cloud.publisher.taken.map(({ message }) => message.body),
      JSON.stringify(cloud.connections.outbox),
      JSON.stringify(cloud.windows.outbox),
      ...cloud.rescued.values(),
      JSON.stringify([...cloud.connections.items.values()]),
    ].join('\n');
    this.looks.at('I11', vendors.secrets.size);
    for (const secret of vendors.secrets) if (sinks.includes(secret)) fail(`I11: a secret was written down`);
  }
}
