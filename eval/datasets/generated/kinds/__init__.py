"""Kinds of facts: what they are made of, how they are told, how they are asked for."""
