import type { Clock } from '../../../functions/core/time.ts';

/** Time that passes when nothing is left to do at an instant: a day of waiting takes as long as the work in it. */
export class VirtualTime implements Clock {
  #now: number;
  readonly #waiting = new Map<number, (() => void)[]>();
  /** The instants of `#waiting`, a binary heap. */
  readonly #instants: number[] = [];

  constructor(start: Date) {
    this.#now = start.getTime();
  }

  now(): Date {
    return new Date(this.#now);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const at = this.#now + Math.max(0, Math.round(ms));
      const there = this.#waiting.get(at);
      if (there !== undefined) return void there.push(resolve);
      this.#waiting.set(at, [resolve]);
      this.#push(at);
    });
  }

  /** Runs everything that falls before `end`. */
  async runUntil(end: number): Promise<void> {
    for (;;) {
      // Promises settle their whole chain before the next turn of the event loop.
      await new Promise(setImmediate);
      const at = this.#instants[0];
      if (at === undefined || at >= end) break;
      this.#pop();
      this.#now = at;
      const due = this.#waiting.get(at) ?? [];
      this.#waiting.delete(at);
      for (const resolve of due) resolve();
    }
    this.#now = end;
  }

  #push(at: number): void {
    const heap = this.#instants;
    let index = heap.push(at) - 1;
    for (let parent = (index - 1) >> 1; index > 0 && (heap[parent] as number) > at; parent = (index - 1) >> 1) {
      heap[index] = heap[parent] as number;
      index = parent;
    }
    heap[index] = at;
  }

  #pop(): void {
    const heap = this.#instants;
    const last = heap.pop() as number;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (heap[child + 1] as number) < (heap[child] as number)) child += 1;
      if ((heap[child] as number) >= last) break;
      heap[index] = heap[child] as number;
      index = child;
    }
    heap[index] = last;
  }
}
