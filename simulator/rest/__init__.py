"""Twilio's REST API, version 2010-04-01, over the simulated network.

Each file is one resource: requests read strictly, answers shaped as the OpenAPI document says.  Nothing here waits.
"""
