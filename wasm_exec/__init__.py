"""From WebAssembly to register code and its execution. Start at translate.load, execute.run and execute.replay."""
