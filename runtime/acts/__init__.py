"""What an operator may do: one file an act, with its arguments, its rule, its flags and its words."""
