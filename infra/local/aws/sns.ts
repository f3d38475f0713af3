import { AwsFault, type AwsReply, type AwsRequest, type AwsService } from './wire.ts';

/**
 * SNS in front of fauxqs, which delivers a message with `MessageStructure: json` whole. SNS delivers each kind of
 * subscriber its own text, `default` where it has none; here every subscriber is a queue.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 */
export function createSnsService(endpoint: string): AwsService {
  return async (request) => {
    let form: string;
    try {
      form = resolveStructure(request.body.toString('utf8'));
    } catch (error) {
      if (error instanceof AwsFault) return xmlFault(error);
      throw error;
    }
    return passOn(endpoint, request, form);
  };
}

/** A fault in the Query protocol; its messages here have nothing that XML would need escaped. */
function xmlFault({ type, message, status }: AwsFault): AwsReply {
  const error = `<Error><Type>Sender</Type><Code>${type}</Code><Message>${message}</Message></Error>`;
  const body = `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">${error}</ErrorResponse>`;
  return { status, headers: { 'content-type': 'text/xml' }, body };
}

const STRUCTURE = /^(?:(PublishBatchRequestEntries\.member\.\d+\.))?MessageStructure$/;

/** The form with each structured message replaced by what a queue is delivered. */
export function resolveStructure(form: string): string {
  const parameters = new URLSearchParams(form);
  for (const [name, value] of new URLSearchParams(form)) {
    const matched = STRUCTURE.exec(name);
    if (matched === null || value !== 'json') continue;
    const messageName = `${matched[1] ?? ''}Message`;
    parameters.set(messageName, textForQueues(parameters.get(messageName) ?? ''));
    parameters.delete(name);
  }
  return parameters.toString();
}

function textForQueues(message: string): string {
  const texts = parse(message);
  const { sqs, default: fallback } = texts;
  if (typeof fallback !== 'string') {
    throw new AwsFault(
      'InvalidParameter',
      'Invalid parameter: Message Structure - No default entry in JSON message body',
      400,
    );
  }
  return typeof sqs === 'string' ? sqs : fallback;
}

function parse(message: string): { readonly sqs?: unknown; readonly default?: unknown } {
  try {
    return JSON.parse(message) as { readonly sqs?: unknown; readonly default?: unknown };
  } catch {
    throw new AwsFault(
      'InvalidParameter',
      'Invalid parameter: Message Structure - JSON message body failed to parse',
      400,
    );
  }
}

async function passOn(endpoint: string, { method, headers }: AwsRequest, body: string): Promise<AwsReply> {
  const onward = Object.entries(headers).filter(([name]) => !['connection', 'content-length', 'host'].includes(name));
  const answer = await fetch(endpoint, { method, headers: onward, body });
  return {
    status: answer.status,
    headers: { 'content-type': answer.headers.get('content-type') ?? 'text/xml' },
    body: Buffer.from(await answer.arrayBuffer()),
  };
}
