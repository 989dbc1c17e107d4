// Keeps a mistake of ours from taking Flex's screens down with it.

import type { ITask } from "@twilio/flex-ui";
import * as React from "react";

/** Shows nothing, or what is to be there instead, in the place of children that fail; Flex goes on around it. */
export class Guard extends React.Component<{ children?: React.ReactNode; instead?: React.ReactNode }, { failed: boolean }> {
  state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  componentDidCatch(error: Error): void {
    console.error("flex-transfer: a part of the screen has failed", error);
  }

  render(): React.ReactNode {
    return (this.state.failed ? this.props.instead : this.props.children) ?? null;
  }
}

/** The component within a guard; another task gets another try. */
export function guarded<P extends { task?: ITask }>(Component: React.ComponentType<P>): React.ComponentType<P> {
  return function Guarded(props: P) {
    return <Guard key={props.task?.sid}><Component {...props} /></Guard>;
  };
}
