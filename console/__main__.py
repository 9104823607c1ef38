"""`python -m console`: the same as `forkjoin`."""

from console.cli.main import main

if __name__ == "__main__":
    main()
