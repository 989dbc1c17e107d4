// The plugin's settings: where the backend is, and which features the account's administrator has switched off in Flex.

import type { Settings } from "../../wasm/js/loader.js";

/** What ui_attributes and the build say. */
export interface PluginSettings {
  /** false: the plugin does nothing at all. */
  enabled: boolean;
  /** Without a slash at its end; "" where none is set. */
  backendUrl: string;
  /** Under the template's names; true where they are not there. */
  coldTransfer: boolean;
  multiParticipant: boolean;
}

declare const __BACKEND_URL__: string; // set by the build

/**
 * Reads ui_attributes: custom_data.features.flex_transfer with enabled and backend_url, and the template's feature
 * custom_data.features.conversation_transfer with enabled, cold_transfer and multi_participant. An address that was given
 * to the build (FLEX_TRANSFER_BACKEND_URL) is the one that is used where ui_attributes name none.
 */
export function readSettings(uiAttributes: any): PluginSettings {
  const features = uiAttributes?.custom_data?.features ?? {};
  const template = features.conversation_transfer ?? {};
  const enabled = template.enabled !== false;
  return {
    enabled: features.flex_transfer?.enabled !== false,
    backendUrl: String(features.flex_transfer?.backend_url || __BACKEND_URL__).replace(/\/+$/, ""),
    coldTransfer: enabled && template.cold_transfer !== false,
    multiParticipant: enabled && template.multi_participant !== false,
  };
}

/** The backend's settings as far as Flex's own allow them: they can only take away. */
export function narrow(settings: Settings | null, own: PluginSettings, nativeTransfers: boolean): Partial<Settings> | null {
  if (!settings) return nativeTransfers ? { native_transfers: true } : null;
  return {
    ...settings,
    cold_transfer: settings.cold_transfer && own.coldTransfer,
    multi_participant: settings.multi_participant && own.multiParticipant,
    native_transfers: settings.native_transfers || nativeTransfers,
  };
}

/** Whether Flex's own directory is to be shown, with the filters of our rules, in the place of ours. */
export function isNative(settings: Partial<Settings> | null): boolean {
  return settings?.directory?.source === "native";
}

/** Whether Twilio's own messaging transfers are switched on, as the template finds out. */
export function hasNativeTransfers(flexState: any): boolean {
  return flexState?.featureFlags?.transfersConfig?.enabled === true;
}
