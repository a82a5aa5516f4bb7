"""What the caller hears and presses: webhooks, the life of a call, dialogue, phrases, TwiML.

The only room that speaks TwiML.  Never picks an agent, never keeps a customer.
"""
