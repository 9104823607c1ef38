"""`python -m console`: the same as `forkjoin`."""

import gc

if __name__ == "__main__":
    gc.disable()
    from console.cli.main import main

    main()
