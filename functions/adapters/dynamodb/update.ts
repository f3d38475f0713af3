import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { type Item, toItem } from './table.ts';

/** An UpdateItem in the making: names and values are numbered, so that no attribute name needs care. */
export interface UpdateParts {
  UpdateExpression: string;
  ConditionExpression?: string;
  ExpressionAttributeNames: Record<string, string>;
  ExpressionAttributeValues?: Record<string, AttributeValue>;
}

/** Collects what an update sets, removes and asks for. A path may go one level into a map: `attempts.<id>`. */
export class Update {
  readonly #sets: string[] = [];
  readonly #removes: string[] = [];
  readonly #adds: string[] = [];
  readonly #conditions: string[] = [];
  readonly #names = new Map<string, string>();
  readonly #values: Item = {};

  /** The placeholder of an attribute, or of a member of a map. */
  name(...path: readonly string[]): string {
    return path
      .map((part) => {
        const known = this.#names.get(part);
        if (known !== undefined) return known;
        const placeholder = `#n${this.#names.size}`;
        this.#names.set(part, placeholder);
        return placeholder;
      })
      .join('.');
  }

  value(value: unknown): string {
    const placeholder = `:v${Object.keys(this.#values).length}`;
    this.#values[placeholder] = value;
    return placeholder;
  }

  set(path: readonly string[], value: unknown): void {
    this.#sets.push(`${this.name(...path)} = ${this.value(value)}`);
  }

  remove(...path: readonly string[]): void {
    this.#removes.push(this.name(...path));
  }

  /** Adds to a number, which begins at 0, or to a set. */
  add(attribute: string, what: number | ReadonlySet<string>): void {
    this.#adds.push(`${this.name(attribute)} ${this.value(what)}`);
  }

  /** Sets the value, or removes the attribute where there is none. */
  assign(attribute: string, value: unknown): void {
    if (value === undefined || value === null) this.remove(attribute);
    else this.set([attribute], value);
  }

  require(condition: string): void {
    this.#conditions.push(`(${condition})`);
  }

  parts(): UpdateParts {
    const update = [
      this.#sets.length > 0 ? `SET ${this.#sets.join(', ')}` : '',
      this.#removes.length > 0 ? `REMOVE ${this.#removes.join(', ')}` : '',
      this.#adds.length > 0 ? `ADD ${this.#adds.join(', ')}` : '',
    ];
    return {
      UpdateExpression: update.filter((clause) => clause !== '').join(' '),
      ...(this.#conditions.length === 0 ? {} : { ConditionExpression: this.#conditions.join(' AND ') }),
      ExpressionAttributeNames: Object.fromEntries([...this.#names].map(([name, placeholder]) => [placeholder, name])),
      ...(Object.keys(this.#values).length === 0 ? {} : { ExpressionAttributeValues: toItem(this.#values) }),
    };
  }
}
