import { ProviderResponseInvalidError } from '../../core/errors.ts';
import { idText, type JsonObject, type JsonValue } from '../../core/json.ts';

/** @throws ProviderResponseInvalidError for an item without an id: it could be neither counted nor told apart. */
export function requireId(item: JsonObject, member: string, path: string): string {
  const id = idText(item[member]);
  if (id === undefined) throw new ProviderResponseInvalidError(`OpsRamp's ${path} has an item without ${member}`);
  return id;
}

/** The item without members that differ each time it is asked for: an export read twice has the same bytes. */
export function without(item: JsonObject, members: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(item).filter(([member]) => !members.includes(member)));
}

/** A member that is an object, or an empty one. */
export function objectAt(item: JsonObject, member: string): JsonObject {
  const value = item[member];
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as JsonObject) : {};
}

/** The first member that is a text and not empty. */
export function firstText(...candidates: readonly (JsonValue | undefined)[]): string | undefined {
  return candidates.find((value): value is string => typeof value === 'string' && value.trim() !== '');
}
