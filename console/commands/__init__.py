"""Commands of the console: what the operator can do or look at, each with key, words and where it can be used."""
