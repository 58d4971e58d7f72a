"""`python -m longrun` is the command `longrun`."""
from longrun.cli import main

main()
