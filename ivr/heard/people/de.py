"""German."""

GREETINGS = (
    "guten tag|guten morgen|guten abend|grüß gott|grüezi|moin|servus|hallo|tag|morgen|hallo guten tag|also"
    "|entschuldigung|mahlzeit"
)
ASSENTS = (
    "ja|jawohl|ok|okay|gut|genau|richtig|gerne|gern|natürlich|klar|ähm|äh|hm|na ja|naja|ach so|moment|einen moment"
    "|moment mal|augenblick|einen augenblick|sekunde|warten sie|warte|moment bitte|einen moment bitte|ja bitte"
)
REFUSALS = "nein nein|nein|nee|nö"
POLITE = "danke|vielen dank|danke schön|am apparat|am telefon|hier|wiederhören|auf wiederhören|tschüss"
SURE = "ich heiße|ich heisse|mein name ist|mein name wäre|mein name lautet|ich nenne mich"
WEAK = "ich bin's|ich bin es|hier spricht|es spricht|hier ist|ich bin|das ist|hier|sie sprechen mit"
PARTNER = "mit|sie sprechen mit|du sprichst mit"
TITLES = "der herr|die frau|herr|frau|der|die|das|doktor|dr|professor|prof|fräulein"
NOT = (
    "ich bin nicht|hier ist nicht|das ist nicht|hier spricht nicht|sie sprechen nicht mit|ich heiße nicht|bin nicht"
    "|nicht"
)
NOT_ME = "das bin ich nicht|das bin nicht ich|bin ich nicht|bin nicht ich|falsche person|sie haben die falsche person"
WRONG = (
    "falsch verbunden|sie sind falsch verbunden|sie sind hier falsch|falsche nummer|sie haben die falsche nummer"
    "|das ist die falsche nummer|sie haben sich verwählt|da haben sie sich verwählt|verwählt"
    "|ich bin der neue mieter|ich bin die neue mieterin|ich bin der neue bewohner|ich bin die neue bewohnerin"
)
NO_LONGER = (
    "diese nummer gehört nicht mehr|die nummer gehört nicht mehr|diese nummer gehört nicht"
    "|das ist nicht mehr die nummer von|das ist nicht die nummer von|diese nummer ist nicht mehr die von"
)
BEHALF = (
    "ich rufe im auftrag von|ich rufe im namen von|ich rufe für|ich rufe an für|ich rufe an im auftrag von"
    "|im auftrag von|im namen von"
)
THEIR = "ihr ihre sein seine"
ME = "mich mir"
NUMBERS = "sechzig siebzig achtzig neunzig hundert einhundert zweihundert tausend eintausend zweitausend million"
WHO = "der die"
NEITHER = (
    "keiner von beiden|keine von beiden|keiner|keine|keines|niemand|weder|noch|jemand anderes|jemand anders"
    "|keiner von uns|weder noch"
)
ORDINALS = "erste erster ersten|zweite zweiter zweiten|dritte dritter dritten"
SEEKS = (
    "wer ist|wo ist|ich möchte|ich will|ich suche|ich hätte gern|kann ich|verbinden sie mich mit|sprechen mit"
    "|ich rufe für|ich rufe an für|im auftrag von|im namen von|anruf für|für|geben sie mir"
)
OF = "von vom der des für"
ABSENT = "ist nicht da|ist tot|ist gestorben|ist verstorben|ist weg|ist nicht zu hause|schläft"
RELATIONS = (
    "mann frau ehemann ehefrau sohn tochter mutter mama vater papa bruder schwester oma opa großmutter großvater enkel"
    " enkelin neffe nichte onkel tante cousin cousine partner partnerin freund freundin nachbar nachbarin kollege"
    " kollegin pflegerin pfleger sekretärin assistentin schwager schwägerin schwiegermutter schwiegersohn"
    " schwiegertochter mitbewohner eltern lebensgefährte gattin gatte"
)
GRAMMAR = (
    "der die das den dem des ein eine einer einem einen eines und oder aber denn weil dass daß wenn als ob wie was wer"
    " wen wem wo wann warum wieso weshalb welche welcher ich du er sie es wir ihr mich mir dich dir ihn ihm uns euch"
    " ihnen mein meine meinen meiner meinem dein deine sein seine ihre ihren ihrer unser unsere euer dieser diese"
    " dieses jener nicht nichts nein kein keine keinen nie niemals ja doch jawohl bin bist ist sind seid war waren"
    " wäre gewesen habe hast hat haben hatte hätte hätten werde wird werden wurde würde kann kannst können konnte"
    " könnte muss müssen soll sollte will wollen wollte möchte möchten mag darf dürfen geht gehen ging gegangen kommt"
    " kommen kam gekommen macht machen gemacht sagt sagen gesagt spreche sprechen spricht rufe rufen angerufen ruft"
    " brauche braucht brauchen warte warten hören höre hört gehört verstehe verstanden wiederholen wiederholung bitte"
    " danke entschuldigung verzeihung pardon hallo guten tag tschüss moment augenblick sekunde gut gerne gern okay ok"
    " klar genau richtig naja äh ähm hm ach so also mal noch schon auch nur sehr ganz zu mit von bei aus nach vor seit"
    " für an auf in im am um unter über durch ohne gegen bis heute gestern morgen jetzt gleich bald immer wieder hier"
    " dort da dann etwas jemand niemand alle alles beide andere anderer mehr weniger viel viele wenig funktioniert"
    " kaputt gebrochen bekommen bezahlt bestellt geliefert falsch defekt scheiße scheisse arschloch verdammt mist"
    " idiot leck wegen zum zur vom beim dabei damit kenne weiß wissen heißt heiße verbinden ruhe egal wohne lebe"
    " arbeite kaufen gekauft schicken geschickt bekomme finde gefunden suche suchen sehe sehen gesehen nehme nehmen"
    " steht liegt läuft läutet offen stopp probe ahnung doof hä blabla keins"
    " buchstabieren buchstabiere spelling"
)
MATTERS = (
    "rechnung rechnungen kundendienst kundenservice service störung stromausfall strom gas wasser heizung ofen"
    " backofen lampe licht internet telefon leitung anschluss router modem netz vertrag verträge bestellung"
    " bestellungen lieferung paket beschwerde reklamation reparatur termin buchung zahlung überweisung rate mahnung"
    " kündigung garantie ersatzteil ersatzteile waschmaschine spülmaschine kühlschrank herd klimaanlage problem"
    " probleme hilfe notfall auskunft information informationen berater beraterin mitarbeiter mitarbeiterin kunde"
    " kundin kundennummer vertrieb verkauf technik techniker abteilung buchhaltung büro firma geschäft laden bank"
    " konto karte passwort code kennwort angebot preis dokument formular schaden versicherung zähler ausfall"
    " verbindung fernseher auto haus wohnung nummer adresse name nachname vorname anliegen frage fragen rückruf hammer"
    " wahnsinn unverschämtheit frechheit gmbh ag kg praxis apotheke schule krankenhaus gemeinde hausverwaltung kanzlei"
    " restaurant verein verwaltung"
    " kennen kennst"
)
COMMON = (
    "rentner rentnerin ingenieur ingenieurin lehrer lehrerin arzt ärztin anwalt student studentin mieter mieterin"
    " vermieter eigentümer chef chefin inhaber geschäftsführer hausmeister deutscher deutsche deutsch italiener"
    " italienerin österreicher schweizer türke franzose engländer spanier amerikaner pole berlin münchen hamburg köln"
    " frankfurt stuttgart wien zürich bozen leipzig dresden bremen hannover nürnberg deutschland österreich schweiz"
    " italien europa frankreich spanien england montag dienstag mittwoch donnerstag freitag samstag sonntag januar"
    " februar märz april mai juni juli august september oktober november dezember sauer wütend verärgert müde krank"
    " verzweifelt zufrieden unzufrieden enttäuscht froh glücklich traurig alt neu groß klein lang kurz dringend"
    " wichtig total wirklich leider vielleicht sicher natürlich eins zwei drei vier fünf erste zweite dritte mensch"
    " person leute kind junge mädchen familie abend nacht woche monat jahr stunde minute minuten telekom vodafone"
    " anonym geheim ruhig allein zuhause unterwegs dame schön schlecht toll blöd dumm quatsch schwanger leid blind"
    " taub behindert schluss feierabend weihnachten ostern polizei feuerwehr post"
)
AGAIN = (
    "wie bitte|wie|was|bitte|was bitte|entschuldigung|verzeihung|pardon|wie war das|was haben sie gesagt|noch einmal"
    "|noch mal|nochmal|noch einmal bitte|können sie das wiederholen|wiederholen sie bitte|ich verstehe nicht"
    "|ich verstehe sie nicht|ich habe nicht verstanden|ich höre nichts|ich höre sie nicht|hören sie mich|wer ist da"
    "|wer spricht|wer sind sie|mit wem spreche ich|ich bin's|ich bins|ich|ich bin es|mein name|name|warum|hä|häh"
)
YES = (
    "natürlich|ja natürlich|gern|gerne|ja gern|ja gerne|ja bitte|klar|ja klar|na klar|sicher|aber sicher"
    "|selbstverständlich|auf jeden fall|jawohl|doch|kein problem|passt|alles gut|alles klar|alles gelöst|gelöst"
    "|ja ist es|es ist gelöst|ist gelöst|einverstanden|in ordnung|ich denke schon|ich glaube schon|ich glaube ja"
    "|glaube schon|na gut|freilich|absolut|na sicher"
)
NO = (
    "glaube nicht|ich glaube nicht|ich glaube nein|ich denke nicht|eher nicht|lieber nicht|noch nicht|leider nein"
    "|leider nicht|auf keinen fall|natürlich nicht|sicher nicht|bestimmt nicht|gar nicht|überhaupt nicht"
    "|nicht wirklich|nö|nee|ne|nein danke|bitte nicht|passt nicht|nicht ganz|ja aber nicht ganz|keineswegs"
    "|nicht gelöst"
)
UNSURE = (
    "na ja|naja|warum nicht|warum|weiß nicht|ich weiß nicht|ich weiß es nicht|vielleicht|mal sehen|jein|ja nein"
    "|hoffentlich"
)
