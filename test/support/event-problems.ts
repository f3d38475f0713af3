import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { EVENT_SCHEMAS } from '../../functions/core/event-schemas.ts';
import type { OutboxRow, ServiceEvent } from '../../functions/core/events.ts';
import { toCloudEvent, toMessage } from '../../functions/core/publishing/message.ts';

export const ajv = new Ajv2020({ allErrors: true });
ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/);

const validators = new Map<string, ValidateFunction>();

/** In what a CloudEvent as subscribers receive it differs from the schema of its type; a type without one holds nothing. */
export function cloudEventProblems(cloudEvent: { readonly type: string }): readonly ErrorObject[] {
  const { type } = cloudEvent;
  const schemas: Readonly<Record<string, object>> = EVENT_SCHEMAS;
  const validate = validators.get(type) ?? ajv.compile(schemas[type] ?? false);
  validators.set(type, validate);
  validate(cloudEvent);
  return validate.errors ?? [];
}

/** The same for an event on its way to SNS. */
export function eventProblems(event: ServiceEvent): readonly ErrorObject[] {
  const { body } = toMessage(event, () => 'hashed');
  return cloudEventProblems(JSON.parse((JSON.parse(body) as { default: string }).default) as { type: string });
}

/**
 * Holds every event that a test writes into an outbox in memory to the schema of its type, so that whatever the core
 * emits anywhere is known to satisfy it.
 */
export function checkedEvents(rows: readonly OutboxRow[]): readonly OutboxRow[] {
  for (const { event } of rows) {
    const problems = cloudEventProblems(toCloudEvent(event) as { readonly type: string } & typeof event.data);
    if (problems.length > 0) throw new Error(`${event.type}: ${ajv.errorsText([...problems])}`);
  }
  return rows;
}
