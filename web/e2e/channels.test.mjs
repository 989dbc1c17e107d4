// Transfers on each channel that a customer may write by.

import assert from "node:assert/strict";
import { test } from "node:test";
import { accept, choose, desk, history, invite, leave, NAMES, openDirectory, phone, picture, reply, withBrowser, withDemo, write } from "./support/demo.mjs";
import { agentsAre, snapshot } from "./support/stage.mjs";

withBrowser();

for (const [label, type] of [["Web chat", "web"], ["SMS", "sms"], ["WhatsApp", "whatsapp"], ["Email", "email"]]) {
  test(`${label}: handed over, then a colleague is brought in and stays`, () => withDemo(async ({ page, url }) => {
    await phone(page).getByRole("combobox", { name: "Channel" }).selectOption({ label });
    await phone(page).getByRole("textbox", { name: "Message" }).fill("Hello, I was charged twice.");
    await phone(page).getByRole("button", { name: "Start the conversation" }).click();
    await accept(page, "ada");
    await desk(page, "ada").locator(".canvas-people").getByText(new RegExp(`^${label}`)).waitFor();
    await openDirectory(page, "ada");
    await choose(page, "ada", NAMES.bea);
    await accept(page, "bea");
    await agentsAre(url, ["bea"]);
    await reply(page, "bea", "I take over.");
    await invite(page, "bea", NAMES.chidi);
    await accept(page, "chidi");
    await write(page, "Thank you.");
    for (const who of ["bea", "chidi"]) await history(page, who).getByText("Thank you.").waitFor();
    await desk(page, "chidi").getByRole("tab", { name: "Participants , 3 participants" }).waitFor();
    await picture(page, `75-channel-${type}`);
    await leave(page, "bea");
    await agentsAre(url, ["chidi"]);
    assert.equal((await snapshot(url)).interaction_channels[0].type, type);
  }));
}
