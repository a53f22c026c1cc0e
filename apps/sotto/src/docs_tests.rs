//! docs/cli.md agrees with the definition.
