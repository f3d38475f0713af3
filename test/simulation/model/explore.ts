/** A protocol as states and steps: every order of everything that can happen. */
export interface Model<State> {
  readonly initial: State;
  steps(state: State): Iterable<readonly [label: string, next: State]>;
  /** What does not hold in a state; `undefined` where all is well. */
  violation(state: State): string | undefined;
}

export interface Exploration {
  readonly states: number;
  readonly violation?: string;
  /** The shortest way to it. */
  readonly path?: readonly string[];
}

/** All reachable states, breadth first; ends at the first that violates something. States are plain JSON. */
export function explore<State>(model: Model<State>, most = 2_000_000): Exploration {
  const states: State[] = [model.initial];
  const from: (readonly [parent: number, label: string])[] = [[-1, '']];
  const known = new Set([JSON.stringify(model.initial)]);
  for (let index = 0; index < states.length; index += 1) {
    const state = states[index] as State;
    const violation = model.violation(state);
    if (violation !== undefined) return { states: states.length, violation, path: pathTo(from, index) };
    for (const [label, next] of model.steps(state)) {
      const key = JSON.stringify(next);
      if (known.has(key)) continue;
      if (known.size >= most) throw new RangeError(`More than ${most} states: the bounds are too wide`);
      known.add(key);
      states.push(next);
      from.push([index, label]);
    }
  }
  return { states: states.length };
}

function pathTo(from: readonly (readonly [number, string])[], end: number): readonly string[] {
  const path: string[] = [];
  for (let at = end; at > 0; at = from[at]?.[0] ?? 0) path.unshift(from[at]?.[1] ?? '');
  return path;
}
