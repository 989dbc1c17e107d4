// What is open on the screen besides Flex's own: the directory of a task, or a question.

import type { ITask } from "@twilio/flex-ui";
import { Observable } from "./observable";

export interface Ask {
  title: string;
  text: string;
  yes: string;
}

export class Panels extends Observable {
  /** The task (its reservation's SID) that the directory is open for. */
  openFor = "";
  question: Ask | null = null;
  #answer: ((yes: boolean) => void) | null = null;

  open(task: ITask): void {
    this.openFor = task.sid;
    this.changed();
  }

  close(): void {
    this.openFor = "";
    this.changed();
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
