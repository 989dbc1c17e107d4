// What changes, and who wants to know.

import { useEffect, useReducer } from "react";

/** Tells its listeners that something has changed; many changes in one go are told once. */
export class Observable {
  #listeners = new Set<() => void>();
  #waiting = false;

  /** Calls the listener after changes, until the function that is returned is called. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  changed = (): void => {
    if (this.#waiting) return;
    this.#waiting = true;
    queueMicrotask(() => {
      this.#waiting = false;
      for (const listener of [...this.#listeners]) listener();
    });
  };
}

/** Renders the component anew whenever the observable has changed. */
export function useChanges(observable: Observable): void {
  const [, again] = useReducer((n: number) => n + 1, 0);
  useEffect(() => observable.subscribe(again), [observable]);
}

/** Renders the component once a second while it is on. */
export function useSeconds(on: boolean): void {
  const [, again] = useReducer((n: number) => n + 1, 0);
  useEffect(() => {
    if (!on) return undefined;
    const timer = setInterval(again, 1000);
    return () => clearInterval(timer);
  }, [on]);
}
