"""Augmented copies: train photographs as they would look outside of the studio.

A turntable photograph shows a fruit on white, upright and alone. Its copies show the fruit on other
backgrounds, turned, small, beside others and in other light, so that the classifier learns the
fruit and not the studio.
"""
