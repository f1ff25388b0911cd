"""Copies of train photographs as they would look outside of the studio.

A turntable photograph shows a fruit on white, upright and alone. Copies show it on other
backgrounds, turned, small, in company, in other light; so that a classifier learns the fruit and
not the studio.
"""
