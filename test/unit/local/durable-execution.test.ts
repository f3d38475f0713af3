import { AwsFault } from '../../../infra/local/aws/wire.ts';
import { describe, expect, it } from 'vitest';
import { checkpoint, createExecution, passTime } from '../../../infra/local/lambda/durable/execution.ts';
import { type OperationUpdate, replayable } from '../../../infra/local/lambda/durable/operation.ts';

const NOW = 1_772_366_400;

function setUp() {
  const execution = createExecution({ arn: 'arn', name: 'name', functionName: 'export', input: '{}' }, NOW);
  const send = (updates: readonly OperationUpdate[], at = NOW) =>
    checkpoint(execution, { CheckpointToken: execution.token, Updates: updates }, at);
  const found = (id: string) => execution.operations.find(({ Id }) => Id === id);
  return { execution, send, found };
}

const step = (Action: OperationUpdate['Action'], more: Partial<OperationUpdate> = {}): OperationUpdate => ({
  Id: 'step',
  Type: 'STEP',
  Action,
  ...more,
});

describe('a checkpoint', () => {
  it('opens and closes a step, and answers with what changed alone', () => {
    const { send, found } = setUp();
    send([step('START', { Name: 'part' })]);
    const changed = send([step('SUCCEED', { Payload: '5' })], NOW + 2);

    expect(changed).toEqual([found('step')]);
    expect(found('step')).toEqual({
      Id: 'step',
      Name: 'part',
      Type: 'STEP',
      Status: 'SUCCEEDED',
      StartTimestamp: NOW,
      EndTimestamp: NOW + 2,
      StepDetails: { Attempt: 1, Result: '5' },
    });
  });

  it('makes a retry wait until it is due, and then ready', () => {
    const { execution, send, found } = setUp();
    const Error = { ErrorMessage: 'no' };
    send([step('RETRY', { Error, StepOptions: { NextAttemptDelaySeconds: 10 } })]);

    expect(found('step')).toMatchObject({
      Status: 'PENDING',
      StepDetails: { Attempt: 1, NextAttemptTimestamp: NOW + 10, Error },
    });
    passTime(execution, NOW + 9);
    expect(found('step')?.Status).toBe('PENDING');
    passTime(execution, NOW + 10);
    expect(found('step')?.Status).toBe('READY');
    expect(execution.unseen).toEqual(['step']);
  });

  it('ends a wait when its time has come, and tells of it once', () => {
    const { send } = setUp();
    send([{ Id: 'wait', Type: 'WAIT', Action: 'START', WaitOptions: { WaitSeconds: 60 } }]);

    expect(send([], NOW + 59)).toEqual([]);
    expect(send([], NOW + 60)).toMatchObject([{ Id: 'wait', Status: 'SUCCEEDED' }]);
    expect(send([], NOW + 61)).toEqual([]);
  });

  it('is answered again, and not applied again, when it is sent again', () => {
    const { execution, send } = setUp();
    const input = { CheckpointToken: execution.token, ClientToken: 'c', Updates: [step('START')] };
    const first = checkpoint(execution, input, NOW);

    expect(checkpoint(execution, input, NOW + 5)).toEqual(first);
    send([step('SUCCEED')]);
  });

  it('is refused with a token that is not the newest one', () => {
    const { execution, send } = setUp();
    const old = execution.token;
    send([]);

    expect(() => checkpoint(execution, { CheckpointToken: old }, NOW)).toThrow('Invalid Checkpoint Token');
  });

  it.each([
    ['an action that its type does not have', [{ Id: 'a', Type: 'WAIT', Action: 'SUCCEED' }]],
    ['a second start', [step('START'), step('START')]],
    ['a parent that is no context', [step('SUCCEED', { Id: 'a' }), step('START', { Id: 'b', ParentId: 'a' })]],
    ['a parent that is not there', [step('START', { ParentId: 'nobody' })]],
    ['a failure with a result', [step('FAIL', { Payload: '1' })]],
    ['a success with an error', [step('SUCCEED', { Error: { ErrorMessage: 'x' } })]],
    ['a retry without its delay', [step('RETRY')]],
    ['an error over 32 kB', [step('FAIL', { Error: { ErrorMessage: 'x'.repeat(33_000) } })]],
    [
      'an execution that ends before the last update',
      [{ Id: 'e', Type: 'EXECUTION', Action: 'SUCCEED' }, step('START')],
    ],
  ] as [string, OperationUpdate[]][])('refuses %s, and applies nothing of it', (_what, updates) => {
    const { execution, send } = setUp();

    expect(() => send(updates)).toThrow(AwsFault);
    expect(execution.operations).toHaveLength(1);
  });

  it('closes nothing twice', () => {
    const { send } = setUp();
    send([step('START'), step('SUCCEED')]);

    expect(() => send([step('SUCCEED')])).toThrow('Invalid current STEP state');
  });

  it('keeps no more of a step’s result than the service does', () => {
    const { send } = setUp();
    send([step('START')]);
    expect(() => send([step('SUCCEED', { Payload: 'x'.repeat(256 * 1024 + 1) })])).toThrow('at most 262144 bytes');
    send([step('SUCCEED', { Payload: 'x'.repeat(256 * 1024) })]);
  });

  it('ends the execution with a result that was too large for an answer', () => {
    const { execution, send } = setUp();
    send([{ Id: 'anything', Type: 'EXECUTION', Action: 'SUCCEED', Payload: '"large"' }]);

    expect(execution).toMatchObject({ status: 'SUCCEEDED', result: '"large"', endedAt: NOW });
    expect(() => send([])).toThrow('Invalid Checkpoint Token');
  });
});

describe('a replay', () => {
  const inContext = (ReplayChildren: boolean) => {
    const { execution, send } = setUp();
    const context = { Id: 'context', Type: 'CONTEXT' as const };
    send([
      { ...context, Action: 'START' },
      step('START', { ParentId: 'context' }),
      step('SUCCEED', { ParentId: 'context' }),
    ]);
    send([{ ...context, Action: 'SUCCEED', ContextOptions: { ReplayChildren } }]);
    const operations = new Map(execution.operations.map((operation) => [operation.Id, operation]));
    return replayable(operations).map(({ Type }) => Type);
  };

  it('is given no step of a context that has its result', () => {
    expect(inContext(false)).toEqual(['EXECUTION', 'CONTEXT']);
  });

  it('is given the steps of a context whose result was too large to keep', () => {
    expect(inContext(true)).toEqual(['EXECUTION', 'CONTEXT', 'STEP']);
  });
});
