/**
 * `Promise.all` that leaves nothing running: all are waited for, then the first failure is thrown.
 *
 * An environment may be frozen as soon as its handler has answered, and what was under way goes on when it thaws
 * (RELIABILITY 2.2, rule 1).
 */
export async function allEnded<T extends readonly unknown[] | []>(
  promises: T,
): Promise<{ -readonly [Place in keyof T]: Awaited<T[Place]> }> {
  const ends = await Promise.allSettled(promises);
  const values = ends.map((end) => {
    if (end.status === 'rejected') throw end.reason;
    return end.value;
  });
  return values as { -readonly [Place in keyof T]: Awaited<T[Place]> };
}
