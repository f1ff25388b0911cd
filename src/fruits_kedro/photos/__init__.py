"""Photographs: finding them, reading them on the workers, decoding them into pixels."""
