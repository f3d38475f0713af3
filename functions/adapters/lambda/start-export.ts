import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { StoreUnavailableError } from '../../core/errors.ts';
import type { StartExport } from '../../core/schedules/start-export.ts';

/**
 * Starts an attempt as a durable execution of `report-export`, asynchronously, through the version that the ARN names.
 *
 * Idempotent: a name that runs or ran already starts nothing.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/durable-execution-idempotency.html
 */
export function createStartExport({ client, functionArn }: { client: LambdaClient; functionArn: string }): StartExport {
  return async (name, input) => {
    try {
      await client.send(
        new InvokeCommand({
          FunctionName: functionArn,
          InvocationType: 'Event',
          DurableExecutionName: name,
          Payload: new TextEncoder().encode(JSON.stringify(input)),
        }),
      );
    } catch (cause) {
      const reason = cause instanceof Error ? cause.name : 'unknown';
      if (reason === 'DurableExecutionAlreadyStartedException') return;
      throw new StoreUnavailableError(`Starting the export of ${input.job}: ${reason}`, { cause });
    }
  };
}
