import { describe, expect, it } from 'vitest';
import { FUNCTIONS } from '../../infra/functions.ts';
import { allowedActions } from './permissions.ts';
import { commandsOf } from './reach.ts';
import { synthesize } from './synthesize.ts';

const { service } = synthesize();

/** What IAM asks for when a command is sent. */
const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  'dynamodb/BatchGetItem': ['dynamodb:BatchGetItem'],
  'dynamodb/BatchWriteItem': ['dynamodb:BatchWriteItem'],
  'dynamodb/DeleteItem': ['dynamodb:DeleteItem'],
  'dynamodb/GetItem': ['dynamodb:GetItem'],
  'dynamodb/PutItem': ['dynamodb:PutItem'],
  'dynamodb/Query': ['dynamodb:Query'],
  'dynamodb/TransactWriteItems': ['dynamodb:PutItem'],
  'dynamodb/UpdateItem': ['dynamodb:UpdateItem'],
  'kms/Decrypt': ['kms:Decrypt'],
  'kms/GenerateDataKey': ['kms:GenerateDataKey'],
  'kms/GetPublicKey': ['kms:GetPublicKey'],
  'kms/Sign': ['kms:Sign'],
  'lambda/Invoke': ['lambda:InvokeFunction'],
  's3/DeleteObject': ['s3:DeleteObject', 's3:DeleteObjectVersion'],
  's3/GetObject': ['s3:GetObject'],
  's3/HeadObject': ['s3:GetObject'],
  's3/PutObject': ['s3:PutObject'],
  's3/PutObjectRetention': ['s3:PutObjectRetention'],
  'secrets-manager/GetSecretValue': ['secretsmanager:GetSecretValue'],
  'sns/Publish': ['sns:Publish'],
  'sns/PublishBatch': ['sns:Publish'],
};

/** In stores that a function shares with the command: it never takes these ways, and is not to. */
const NOT_TAKEN: Readonly<Record<string, readonly string[]>> = {
  // Listing connections is the command's; no function does it.
  '*': ['dynamodb/Scan'],
  // Pollers open what was sealed and seal nothing.
  'report-export': ['kms/GenerateDataKey'],
  'alert-poller': ['kms/GenerateDataKey'],
  // Hooks and work are stored by others; the receiver looks hooks up and adds work.
  'event-receiver': ['dynamodb/UpdateItem', 'dynamodb/DeleteItem'],
};

describe('S87 permissions and code agree', () => {
  it.each(FUNCTIONS.map(({ name }) => [name]))('%s may do what its code sends', (name) => {
    const id = name.replaceAll(/(^|-)([a-z])/g, (_match, _dash, letter: string) => letter.toUpperCase());
    const allowed = allowedActions(service, id);
    const left = new Set([...(NOT_TAKEN['*'] ?? []), ...(NOT_TAKEN[name] ?? [])]);
    const sent = (commandsOf(name) ?? []).filter((command) => !left.has(command));

    expect(sent.filter((command) => !ACTIONS[command]?.some((action) => allowed.includes(action)))).toEqual([]);
  });
});
