// What the page runs: Twilio's Flex UI. Plugins expect React and ReactDOM as globals; Redux and ReactRedux are set by Flex.
import * as React from "react";
import * as ReactDOM from "react-dom";
import * as Flex from "@twilio/flex-ui";

Object.assign(window, { React, ReactDOM, Twilio: { ...window.Twilio, Flex } });
