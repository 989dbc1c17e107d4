// What the page runs: Twilio's Flex UI, and the libraries that plugins expect as globals (those that Twilio's plugin builder
// leaves out of a plugin's bundle).
import * as React from "react";
import * as ReactDOM from "react-dom";
import * as ReactRedux from "react-redux";
import * as Redux from "redux";
import * as Flex from "@twilio/flex-ui";

Object.assign(window, { React, ReactDOM, ReactRedux, Redux, Twilio: { ...window.Twilio, Flex } });
