"""The phone network: asks Twilio for effects, checks that a webhook is Twilio's.  Never knows customers or agents."""
