"""Parameters that Twilio documents and this stand-in does not carry out: refused, or right and without effect.

A request is never taken as if something had been done about it that was not: what might be missed is refused.
"""

NOT_CARRIED = frozenset(
    [
        # calls and participants
        "Byoc",
        "CallerDisplayName",
        "ClientNotificationUrl",
        # numbers
        "AccountSid",
        "AddressSid",
        "BundleSid",
        "EmergencyAddressSid",
        "EmergencyStatus",
        "IdentitySid",
        "PublicApplicationConnectEnabled",
        # texts
        "AddressRetention",
        "ContentRetention",
        "ContentSid",
        "ContentVariables",
        "FallbackFrom",
        "MessagingServiceSid",
        "PersistentAction",
        "ScheduleType",
        "SendAsMms",
        "SendAt",
        "ShortenUrls",
        "SmartEncoded",
    ]
)
WITHOUT_EFFECT = {
    "ApiVersion": "there is one",
    "Attempt": "a note for the carrier",
    "CallReason": "shown by few telephones, and by none here",
    "ConferenceTrim": "there is no sound that silence could be cut from",
    "EarlyMedia": "there is no sound before the answer",
    "ForceDelivery": "every text is sent",
    "IncludeSoftDeleted": "what is deleted is gone",
    "JitterBufferSize": "there is no sound",
    "MaxPrice": "nothing costs anything",
    "ProvideFeedback": "nobody is told",
    "Region": "there is one",
    "RiskCheck": "nothing is risky",
    "SipAuthPassword": "every desk phone takes every call",
    "SipAuthUsername": "every desk phone takes every call",
    "TrafficType": "there is no other traffic",
    "Trim": "there is no sound that silence could be cut from",
    "ValidityPeriod": "every text arrives at once",
    "VoiceReceiveMode": "there is no fax",
}
