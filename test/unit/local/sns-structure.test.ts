import { describe, expect, it } from 'vitest';
import { resolveStructure } from '../../../infra/local/aws/sns.ts';

const entry = (index: number, message: string, structured: boolean) => ({
  [`PublishBatchRequestEntries.member.${index}.Message`]: message,
  ...(structured ? { [`PublishBatchRequestEntries.member.${index}.MessageStructure`]: 'json' } : {}),
});
const resolved = (form: Record<string, string>) =>
  Object.fromEntries(new URLSearchParams(resolveStructure(new URLSearchParams(form).toString())));

describe('resolveStructure', () => {
  it('delivers queues the default text of each structured entry, and leaves the others alone', () => {
    const message = JSON.stringify({ default: '{"id":"é+&"}', email: 'Dear' });

    expect(resolved({ Action: 'PublishBatch', ...entry(1, message, true), ...entry(2, message, false) })).toEqual({
      Action: 'PublishBatch',
      'PublishBatchRequestEntries.member.1.Message': '{"id":"é+&"}',
      'PublishBatchRequestEntries.member.2.Message': message,
    });
  });

  it('prefers the text for queues', () => {
    expect(resolved({ Message: '{"default":"a","sqs":"b"}', MessageStructure: 'json' })).toEqual({ Message: 'b' });
  });

  it.each([['not json'], ['{"sqs":"b"}'], ['{"default":1}']])('refuses %s as SNS does', (message) => {
    expect(() => resolved({ Message: message, MessageStructure: 'json' })).toThrow(/Message Structure/);
  });
});
