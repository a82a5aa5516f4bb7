"""A stand-in for Twilio over real HTTP: REST, TwiML, signed webhooks, telephones.

Knows nothing of the application: it only speaks the protocol, so that the application's real Twilio code runs.
"""
