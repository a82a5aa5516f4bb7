"""English."""

GREETINGS = (
    "hello|hi|hiya|hey|good morning|good afternoon|good evening|good day|morning|afternoon|evening|excuse me|well|oh"
    "|hello there|hi there"
)
ASSENTS = (
    "yes|yeah|yep|ok|okay|sure|of course|certainly|right|alright|all right|fine|um|uh|er|erm|ah|hm|one moment"
    "|just a moment|one second|just a second|wait|hang on|hold on|moment|well"
)
REFUSALS = "no no|no|nope"
POLITE = "thanks|thank you|please|speaking|here|calling|on the line|on the phone|bye|goodbye"
SURE = "my name is|my name's|the name is|the name's|my full name is"
WEAK = (
    "this is|i am|i'm|it is|it's|it's me|it's only me|you're speaking to|you're speaking with|you are speaking with"
    "|speaking with"
)
PARTNER = "to|with|speaking to|speaking with|you're speaking to|you're speaking with"
TITLES = "the|mr|mrs|ms|miss|sir|madam|doctor|dr|professor|prof|mister"
NOT = "i'm not|i am not|it's not|it is not|this is not|this isn't|that's not|that is not|my name is not|not"
NOT_ME = (
    "that's not me|that is not me|this is not me|not me|wrong person|you have the wrong person"
    "|you've got the wrong person|you got the wrong person|i'm not her|i'm not him|i am not her|i am not him"
)
WRONG = (
    "wrong number|it's the wrong number|it's a wrong number|this is the wrong number|you have the wrong number"
    "|you've got the wrong number|you got the wrong number|you have a wrong number|i'm the new tenant"
    "|i am the new tenant|i'm the new owner|i am the new owner"
)
NO_LONGER = (
    "this number is no longer|this number doesn't belong to|this number does not belong to"
    "|this number no longer belongs to|this number isn't|this number is not|this is no longer|it's no longer"
)
BEHALF = (
    "i'm calling on behalf of|i am calling on behalf of|calling on behalf of|on behalf of|i'm calling for"
    "|i am calling for|calling for"
)
THEIR = "her his their"
ME = "me"
NUMBERS = "sixty seventy eighty ninety hundred thousand million"
WHO = "who that"
NEITHER = (
    "neither of us|neither of them|neither|none of them|none of us|none of the above|none|nobody|nor|somebody else"
    "|someone else|another person"
)
ORDINALS = "first|second|third"
SEEKS = (
    "who is|who's|where is|where's|i want|i'd like|i would like|can i speak to|may i speak to|speak to|talk to|get me"
    "|put me through to|calling for|i'm calling for|i am calling for|on behalf of|calling on behalf of|looking for|for"
)
OF = "of for to"
ABSENT = "isn't here|is not here|is out|is away|is dead|died|isn't in|is not in|passed away|is asleep"
RELATIONS = (
    "husband wife son daughter mother mum mom father dad brother sister grandmother grandma grandfather grandpa nephew"
    " niece uncle aunt cousin partner boyfriend girlfriend friend neighbour neighbor carer secretary assistant"
    " colleague flatmate roommate parent parents fiance fiancee"
)
GRAMMAR = (
    "the a an of to in on at by for with from about into over under and or but because so if when while that which who"
    " whom whose what why how where i you he she it we they me him her us them my your his its our their mine yours"
    " this these those there here not no nor neither yes yeah yep nope ok okay is are am was were be been being isn't"
    " aren't wasn't i'm i've i'd i'll you're you've it's that's there's what's who's he's she's we're don't doesn't"
    " didn't can't cannot won't wouldn't couldn't have has had having do does did done can could would should must may"
    " might want wants need needs like get got getting go goes going gone come came coming call calls called calling"
    " ring rang speak speaks speaking spoke talk talking tell told say said says ask asked know knew think hear heard"
    " listen wait waiting hold hang repeat help put through give gave make made send sent receive received pay paid"
    " buy bought order ordered cancel work works working worked broken stopped just only very really quite too also"
    " again still already never always ever now then today tomorrow yesterday tonight soon maybe perhaps please thanks"
    " thank sorry pardon hello hi hey goodbye bye well sure right alright fine um uh er erm ah oh hmm something"
    " anything nothing someone somebody anyone anybody nobody everyone everything some any all both each every other"
    " another much more most less back up down out off fuck fucking shit bullshit bloody damn asshole bastard bitch"
    " crap idiot stupid stop test testing mind forget idea none whatever live lives open closed check start started"
    " turn turned switch switched change changed look looking see seen find found try tried keep kept leave left stay"
    " mmm hm bla blah without above below against during late raining"
    " spelling spell"
)
MATTERS = (
    "bill bills billing invoice invoices order complaint complaints service customer customers support account"
    " accounts payment payments refund delivery parcel package shipment booking appointment problem problems issue"
    " trouble fault operator agent representative human person sales accounting office technical technician engineer"
    " lamp oven light lights electricity power gas water boiler internet phone line router modem network contract"
    " subscription password code card bank insurance claim warranty repair spare parts fridge washing machine washer"
    " heater heating quote offer price information info emergency urgent cancellation number address name surname"
    " email letter form document company business shop store meter outage blackout connection broadband television"
    " corporation corp inc ltd llc plc pharmacy school hospital hotel restaurant university council agency department"
    " callback"
)
COMMON = (
    "happy unhappy angry upset tired annoyed confused disappointed worried desperate lost stuck interested ready"
    " retired busy free new old good bad great big small long short little young american english british german"
    " italian french spanish irish scottish welsh polish indian chinese european london paris rome milan berlin madrid"
    " dublin boston chicago york america england germany italy france spain ireland scotland monday tuesday wednesday"
    " thursday friday saturday sunday january february march april may june july august september october november"
    " december first second third one two three four five man woman lady gentleman guy boy girl child family doctor"
    " lawyer teacher student manager owner tenant landlord boss nurse morning afternoon evening night day week month"
    " year hour minute minutes moment vodafone google amazon microsoft apple orange telecom silence music true false"
    " correct wrong anonymous private secret total terrible awful ridiculous pizza blind deaf pregnant disabled sick"
    " ill christmas easter cold hot"
)
AGAIN = (
    "what|what was that|what did you say|sorry|i'm sorry|sorry what|pardon|pardon me|excuse me|come again|say again"
    "|say that again|repeat|repeat please|can you repeat|can you repeat that|could you repeat that|i can't hear you"
    "|i didn't hear|i didn't hear you|i didn't catch that|i don't understand|can you hear me|are you there"
    "|anybody there|who is this|who's this|who is that|who are you|who am i speaking to|it's me|it's me again|me"
    "|i'm me|hello are you there|my name|name|why"
)
YES = (
    "sure|sure thing|of course|certainly|absolutely|definitely|i think so|i guess so|it is|it is solved|it's solved"
    "|all solved|solved|all good|no problem|fine|that's fine|go ahead|please do|gladly|yes indeed|indeed|you bet|yup"
    "|aye|of course yes|sure go ahead|by all means|i do|exactly"
)
NO = (
    "i don't think so|don't think so|i think not|of course not|certainly not|absolutely not|not yet|not really"
    "|not at all|nah|it isn't|it is not|it's not|it's not solved|i'd rather not|rather not|please don't|by no means"
    "|no way|no thanks|no thank you|not quite|don't record|i do not|i don't|definitely not|sort of not"
)
UNSURE = "why not|why|yes and no|not sure|i'm not sure|i don't know|don't know|maybe|perhaps|sort of|kind of|i hope so"
