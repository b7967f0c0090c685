// A server that cannot use its model.
process.exitCode = 3;
