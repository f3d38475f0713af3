import type { Template } from 'aws-cdk-lib/assertions';

/** One `Allow` or `Deny` in the policy of a function's role. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: Record<string, Record<string, unknown>>;
}

interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
}

function resources(template: Template): [string, Resource][] {
  return Object.entries((template.toJSON() as { Resources: Record<string, Resource> }).Resources);
}

/** The role of a function, by the construct id of the function (`OauthCallback`). */
function rolesOf(template: Template, functionId: string): string[] {
  return resources(template)
    .filter(([id, { Type }]) => Type === 'AWS::IAM::Role' && id.startsWith(`${functionId}Role`))
    .map(([id]) => id);
}

/** Every statement of every policy that is attached to the function's role. */
export function statementsOf(template: Template, functionId: string): Statement[] {
  const roles = rolesOf(template, functionId);
  return resources(template).flatMap(([, { Type, Properties }]) => {
    if (Type !== 'AWS::IAM::Policy') return [];
    const attached = (Properties['Roles'] as { Ref: string }[]).some(({ Ref }) => roles.includes(Ref));
    return attached ? (Properties['PolicyDocument'] as { Statement: Statement[] }).Statement : [];
  });
}

/** Actions of a statement, always as a list. */
export function actionsOf(statement: Statement): string[] {
  return [statement.Action].flat();
}

/** All actions that a function may do, sorted. */
export function allowedActions(template: Template, functionId: string): string[] {
  return [...new Set(statementsOf(template, functionId).flatMap(actionsOf))].toSorted();
}

/** Statements that allow this action. */
export function allowing(template: Template, functionId: string, action: string): Statement[] {
  return statementsOf(template, functionId).filter((statement) => actionsOf(statement).includes(action));
}

/** The words of the first part of partition keys that an action is allowed on. */
export function stateKinds(template: Template, functionId: string, action: string): string[] {
  const patterns = allowing(template, functionId, action).flatMap(
    (statement) => (statement.Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'] ?? []) as string[],
  );
  return [...new Set(patterns.flat().map((pattern) => pattern.split('#')[0] ?? ''))].toSorted();
}
