"""Flows: their graph, checks, expressions and templates."""
