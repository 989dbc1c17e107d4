// What the plugin uses of Flex, for tests of its own parts. The real Flex UI is in the browser tests (e2e).

import * as React from "react";

type Run = (payload: any) => Promise<any>;
type Replacement = (payload: any, original: Run) => Promise<any>;

const actions = new Map<string, Run>();
/** What has been invoked, oldest first. */
export const invoked: { name: string; payload: any }[] = [];
/** What components have been put into Flex's own, by its name; wrappers too. */
export const added: { into: string; component: any; options?: any }[] = [];
/** What has been shown, oldest first. */
export const shown: { id: string; context: any }[] = [];

export const Actions = {
  registerAction: (name: string, run: Run) => void actions.set(name, run),
  replaceAction(name: string, replacement: Replacement) {
    const original = actions.get(name) ?? (async () => undefined);
    actions.set(name, (payload) => replacement(payload, original));
  },
  async invokeAction(name: string, payload?: any) {
    invoked.push({ name, payload });
    return actions.get(name)?.(payload);
  },
};

export const NotificationType = { error: "error", information: "information", success: "success" };
export const Notifications = {
  registerNotification: () => undefined,
  showNotification: (id: string, context: any) => void shown.push({ id, context }),
};
export const TaskHelper = {
  isCBMTask: (task: any) => Boolean(task.attributes.flexInteractionSid),
  isCallTask: (task: any) => task.taskChannelUniqueName === "voice",
};

const plain = (name: string) => React.forwardRef((props: any, ref) => React.createElement(name, { ...props, ref }));
export const styled = (name: string) => () => plain(name);
export const Button = React.forwardRef(({ variant, size, themeOverride, ...rest }: any, ref) => <button ref={ref} {...rest} />);
export const IconButton = ({ icon, ...rest }: any) => <button {...rest}>{icon}</button>;
export const Icon = () => <i />;

const content = (into: string) => ({
  Content: {
    add: (component: any, options?: any) => void added.push({ into, component, options }),
    addWrapper: (wrapper: any) => void added.push({ into, component: wrapper }),
  },
});
export const TaskCanvas = content("TaskCanvas");
export const TaskCanvasHeader = content("TaskCanvasHeader");
export const TaskCanvasTabs = content("TaskCanvasTabs");
export const WorkerDirectoryTabs = content("WorkerDirectoryTabs");
export const Tab = ({ children }: any) => <div>{children}</div>;
export const withTaskContext = (component: any) => component;

export function reset(): void {
  added.length = 0;
  actions.clear();
  invoked.length = 0;
  shown.length = 0;
}
