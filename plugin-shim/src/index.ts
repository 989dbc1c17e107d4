// What Flex's plugin loader runs.

import * as Flex from "@twilio/flex-ui";
import { FlexTransferPlugin } from "./plugin";

Flex.Plugins.init(FlexTransferPlugin as never);
