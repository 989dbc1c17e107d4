// What Twilio's plugin scripts need to know besides.

const { DefinePlugin, SourceMapDevToolPlugin } = require("webpack");
const { version } = require("./package.json");

module.exports = (config) => {
  // The scripts make source maps in two ways at once, and the second finds nothing left to map. They deploy the script as
  // bundle.js, whence the name of its map.
  config.devtool = false;
  config.plugins = config.plugins.filter((plugin) => plugin.constructor.name !== "SourceMapDevToolPlugin");
  config.plugins.push(
    new SourceMapDevToolPlugin({ filename: "[file].map", append: "\n//# sourceMappingURL=bundle.js.map" }),
    // The constants that our own build sets too.
    new DefinePlugin({ __VERSION__: JSON.stringify(version), __BACKEND_URL__: JSON.stringify(process.env.FLEX_TRANSFER_BACKEND_URL || "") }),
  );
  return config;
};
