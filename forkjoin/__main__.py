"""`python -m forkjoin`: the same as `forkjoin`."""

from forkjoin.entry import main

if __name__ == "__main__":
    main()
