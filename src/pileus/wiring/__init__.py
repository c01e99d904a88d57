"""The only package that knows everyone: from settings to a running cloud.

The module of a service is imported when the service is built, so that one that runs alone starts at once and carries
nobody else's code.
"""
