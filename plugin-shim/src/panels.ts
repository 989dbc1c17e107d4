// What is open on the screen besides Flex's own: the directory of a task, what is said with a transfer, or a question.

import type { ITask } from "@twilio/flex-ui";
import type { Mode, Target } from "../../wasm/js/loader.js";
import { Observable } from "./observable";

export interface Ask {
  title: string;
  text: string;
  yes: string;
}

/** Whom a transfer or an invite is for, before it is asked for. */
export interface Choice {
  target: Target;
  mode: Mode;
}

export class Panels extends Observable {
  /** The task (its reservation's SID) that the directory is open for. */
  openFor = "";
  /** What was chosen in the directory; null while it is searched. */
  chosen: Choice | null = null;
  question: Ask | null = null;
  #answer: ((yes: boolean) => void) | null = null;

  /** Opens the directory, or the form for what has been chosen elsewhere. */
  open(task: ITask, chosen: Choice | null = null): void {
    this.openFor = task.sid;
    this.choose(chosen);
  }

  /** Goes from the list to the form; with null back to the list. */
  choose(chosen: Choice | null): void {
    this.chosen = chosen;
    this.changed();
  }

  close(): void {
    this.openFor = "";
    this.choose(null);
  }

  /** Asks the agent; resolves to whether they said yes. A question before counts as answered with no. */
  ask(question: Ask): Promise<boolean> {
    this.answer(false);
    this.question = question;
    this.changed();
    return new Promise((resolve) => (this.#answer = resolve));
  }

  answer(yes: boolean): void {
    const answer = this.#answer;
    this.question = null;
    this.#answer = null;
    answer?.(yes);
    this.changed();
  }
}
