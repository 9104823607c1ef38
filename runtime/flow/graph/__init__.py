"""The graph of a flow: order, joins, what a join expects."""
