"""Guest code that runs: a vCPU of the Unicorn engine on the machine's memory and devices.

`machine.Emulator` is what a machine has; only it and `engine` need the engine to be installed.
"""
