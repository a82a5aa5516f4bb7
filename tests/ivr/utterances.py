"""What people say of a day and an hour, and what speech recognition makes of it.

Said on Tuesday 24 November 2026 at ten, to a house that is open Monday to Friday, 9 to 18.
"""

# utterance = day.month hour:minute, or the whole day, or from hour till hour of it
SAID = {
    "it-IT": """
        domani alle dieci = 25.11 10:00
        alle dieci e mezza = 24.11 10:30
        alle tre = 24.11 15:00
        alle tre del pomeriggio = 24.11 15:00
        giovedì alle 10 e 30 = 26.11 10:30
        giovedì alle 10:30 = 26.11 10:30
        dopodomani alle quattro meno un quarto = 26.11 15:45
        alle quattro e un quarto = 24.11 16:15
        alle quattro meno dieci = 24.11 15:50
        domani mattina = 25.11 06-12
        domani mattina alle nove = 25.11 09:00
        domattina = 25.11 06-12
        oggi pomeriggio = 24.11 13-18
        stasera alle sei = 24.11 18:00
        nel pomeriggio = 24.11 13-18
        alle 15 e 30 = 24.11 15:30
        alle quindici e trenta = 24.11 15:30
        alle ore 15 = 24.11 15:00
        ore 15 e 30 = 24.11 15:30
        venerdì prossimo alle undici = 27.11 11:00
        lunedì della prossima settimana alle nove = 30.11 09:00
        la settimana prossima = 30.11
        il 3 dicembre alle dieci = 03.12 10:00
        il tre = 03.12
        il 3 alle 10 = 03.12 10:00
        il primo dicembre = 01.12
        giovedì 26 alle undici = 26.11 11:00
        giovedì 10 = 26.11 10:00
        fra mezz'ora = 24.11 10:30
        tra un'ora = 24.11 11:00
        tra un'ora e mezza = 24.11 11:30
        fra 20 minuti = 24.11 10:20
        fra un quarto d'ora = 24.11 10:15
        fra due giorni = 26.11
        fra una settimana alle dieci = 01.12 10:00
        a mezzogiorno = 24.11 12:00
        a mezzogiorno e mezza = 24.11 12:30
        dieci = 24.11 10:00
        dieci e mezza = 24.11 10:30
        alle tre e tre quarti = 24.11 15:45
        vorrei giovedì verso le dieci, grazie = 26.11 10:00
        domani, anzi giovedì alle dieci = 26.11 10:00
        domani no, giovedì alle dieci = 26.11 10:00
        no, domani alle dieci = 25.11 10:00
        tra le dieci e le undici = 24.11 10:00
        domani dalle dieci alle undici = 25.11 10:00
        martedì alle 9 = 01.12 09:00
        martedì alle 11 = 24.11 11:00
        all'una = 24.11 13:00
        all'una e mezza = 24.11 13:30
        alle otto e trentacinque = 24.11 20:35
        alle ventuno = 24.11 21:00
        il prima possibile = soon
        cinque = 24.11 17:00
        il 26/11 alle 16 = 26.11 16:00
        all'ora di pranzo = 24.11 12-14
        mercoledì pomeriggio alle due = 25.11 14:00
        domani alle 16.30 = 25.11 16:30
        mi chiami alle 9:15 di mattina = 25.11 09:15
        alle 3 e 05 = 24.11 15:05
        alle tre e cinque = 24.11 15:05
        alle 1530 = 24.11 15:30
        il 31 = 31.12
        domani non posso, giovedì alle dieci = 26.11 10:00
        tra due ore e dieci minuti = 24.11 12:10
        giovedì 3 = 03.12
        alle undici di sera = 24.11 23:00
        mezz'ora = 24.11 10:30
        alle nove di sera = 24.11 21:00
        venerdì mattina = 27.11 06-12
        lunedì alle 9 e 15 = 30.11 09:15
        tra dieci minuti = 24.11 10:10
        dopo le quattro = 24.11 16:00
        tre = 24.11 15:00
    """,
    "en-GB": """
        tomorrow at ten = 25.11 10:00
        at half past three = 24.11 15:30
        half three = 24.11 15:30
        quarter past two = 24.11 14:15
        a quarter to four = 24.11 15:45
        ten to four = 24.11 15:50
        twenty past ten = 24.11 10:20
        at ten thirty a.m. = 24.11 10:30
        at 10:30 a.m. = 24.11 10:30
        at 3 p.m. = 24.11 15:00
        three pm = 24.11 15:00
        Thursday at ten thirty = 26.11 10:30
        next Thursday at ten = 26.11 10:00
        Thursday next week at 2 = 03.12 14:00
        the day after tomorrow at noon = 26.11 12:00
        the 26th of November at 4 p.m. = 26.11 16:00
        November 26 at 4 = 26.11 16:00
        on the third at ten = 03.12 10:00
        in half an hour = 24.11 10:30
        in an hour and a half = 24.11 11:30
        in two hours = 24.11 12:00
        half an hour from now = 24.11 10:30
        in 20 minutes = 24.11 10:20
        in two days = 26.11
        in a week = 01.12
        in a quarter of an hour = 24.11 10:15
        tomorrow morning = 25.11 06-12
        tomorrow afternoon at two = 25.11 14:00
        this afternoon = 24.11 13-18
        tonight at six = 24.11 18:00
        after three = 24.11 15:00
        three o'clock = 24.11 15:00
        fifteen thirty = 24.11 15:30
        ten oh five = 24.11 10:05
        around eleven please = 24.11 11:00
        between ten and eleven = 24.11 10:00
        between two and three tomorrow = 25.11 14:00
        not tomorrow, Thursday at ten = 26.11 10:00
        tomorrow at ten, actually Thursday = 26.11 10:00
        at lunchtime = 24.11 12-14
        as soon as possible = soon
        friday = 27.11
        call me back on friday at quarter to twelve = 27.11 11:45
        4 = 24.11 16:00
        four thirty = 24.11 16:30
        the 3rd at ten = 03.12 10:00
        tomorrow I can't do, Thursday at ten = 26.11 10:00
        Thursday, not tomorrow, at ten = 26.11 10:00
        26/11 at 4 = 26.11 16:00
        in the morning = 24.11 06-12
        on Thursday the 3rd of December at half past ten in the morning = 03.12 10:30
        ten a.m. = 24.11 10:00
        twelve thirty = 24.11 12:30
        12 p.m. = 24.11 12:00
        noon = 24.11 12:00
        9:15 = 25.11 09:15
        nine fifteen tomorrow = 25.11 09:15
        monday or tuesday = 30.11
        five past ten = 24.11 10:05
        at 1530 = 24.11 15:30
        15:30 = 24.11 15:30
        Friday at one = 27.11 13:00
        on Monday at nine fifteen = 30.11 09:15
        in ten minutes = 24.11 10:10
        the twenty sixth at four = 26.11 16:00
        call me at five = 24.11 17:00
    """,
    "de-DE": """
        morgen um zehn = 25.11 10:00
        um halb vier = 24.11 15:30
        halb 4 = 24.11 15:30
        fünf vor halb vier = 24.11 15:25
        fünf nach halb vier = 24.11 15:35
        viertel nach zwei = 24.11 14:15
        Viertel vor vier = 24.11 15:45
        dreiviertel vier = 24.11 15:45
        zehn nach drei = 24.11 15:10
        um 15 Uhr 30 = 24.11 15:30
        um 15:30 Uhr = 24.11 15:30
        um 15.30 Uhr = 24.11 15:30
        fünfzehn Uhr dreißig = 24.11 15:30
        um drei Uhr nachmittags = 24.11 15:00
        Donnerstag um zehn = 26.11 10:00
        am Donnerstag um 10 Uhr = 26.11 10:00
        nächsten Donnerstag um zehn = 26.11 10:00
        Donnerstagmorgen = 26.11 06-12
        Donnerstag Nachmittag um zwei = 26.11 14:00
        Donnerstag nächste Woche um neun = 03.12 09:00
        übermorgen um elf = 26.11 11:00
        morgen früh = 25.11 06-12
        morgen Vormittag um halb elf = 25.11 10:30
        heute Nachmittag = 24.11 13-18
        heute Abend um sechs = 24.11 18:00
        am 3. Dezember um zehn = 03.12 10:00
        am dritten Dezember = 03.12
        am 3. um 10 = 03.12 10:00
        am 26.11. um 16 Uhr = 26.11 16:00
        am sechsundzwanzigsten um vier = 26.11 16:00
        in einer halben Stunde = 24.11 10:30
        in einer Stunde = 24.11 11:00
        in anderthalb Stunden = 24.11 11:30
        in eineinhalb Stunden = 24.11 11:30
        in 20 Minuten = 24.11 10:20
        in einer Viertelstunde = 24.11 10:15
        in zwei Tagen = 26.11
        in einer Woche um zehn = 01.12 10:00
        gegen elf bitte = 24.11 11:00
        zwischen zehn und elf = 24.11 10:00
        mittags = 24.11 12-14
        um zwölf = 24.11 12:00
        um zwölf Uhr mittags = 24.11 12:00
        nach drei = 24.11 15:00
        morgen nicht, Donnerstag um zehn = 26.11 10:00
        nicht morgen, lieber Donnerstag um zehn = 26.11 10:00
        so bald wie möglich = soon
        jetzt = soon
        freitags um eins = 27.11 13:00
        um ein Uhr = 24.11 13:00
        zehn Uhr = 24.11 10:00
        Freitag = 27.11
        um 10. = 24.11 10:00
        Montag um neun Uhr fünfzehn = 30.11 09:15
        in zehn Minuten = 24.11 10:10
        um fünf = 24.11 17:00
        am Freitag gegen halb zehn = 27.11 09:30
    """,
    "fr-FR": """
        demain à dix heures = 25.11 10:00
        à dix heures et demie = 24.11 10:30
        dix heures trente = 24.11 10:30
        à 10h30 = 24.11 10:30
        à 10 h 30 = 24.11 10:30
        à 10 heures 30 = 24.11 10:30
        à dix heures et quart = 24.11 10:15
        onze heures moins le quart = 24.11 10:45
        onze heures moins dix = 24.11 10:50
        à quinze heures trente = 24.11 15:30
        à trois heures de l'après-midi = 24.11 15:00
        à trois heures = 24.11 15:00
        jeudi à dix heures = 26.11 10:00
        jeudi prochain à dix heures = 26.11 10:00
        jeudi de la semaine prochaine à dix heures = 03.12 10:00
        après-demain à onze heures = 26.11 11:00
        demain matin = 25.11 06-12
        demain matin à neuf heures = 25.11 09:00
        demain après-midi = 25.11 13-18
        cet après-midi = 24.11 13-18
        ce soir à six heures = 24.11 18:00
        le 3 décembre à dix heures = 03.12 10:00
        le trois à dix heures = 03.12 10:00
        le premier décembre = 01.12
        jeudi 26 à seize heures = 26.11 16:00
        dans une demi-heure = 24.11 10:30
        dans une heure = 24.11 11:00
        dans une heure et demie = 24.11 11:30
        dans vingt minutes = 24.11 10:20
        dans un quart d'heure = 24.11 10:15
        dans deux jours = 26.11
        dans huit jours = 01.12
        dans une semaine à dix heures = 01.12 10:00
        à midi = 24.11 12:00
        à midi et demi = 24.11 12:30
        vers dix heures s'il vous plaît = 24.11 10:00
        entre dix et onze heures = 24.11 10:00
        à l'heure du déjeuner = 24.11 12-14
        le plus tôt possible = soon
        demain non, jeudi à dix heures = 26.11 10:00
        non, jeudi à dix heures = 26.11 10:00
        vendredi = 27.11
        dix heures = 24.11 10:00
        vingt et une heures = 24.11 21:00
        à vingt heures cinq = 24.11 20:05
        à une heure et demie = 24.11 13:30
        une heure = 24.11 13:00
        demain je ne peux pas, jeudi à dix heures = 26.11 10:00
        pas demain, jeudi à dix heures = 26.11 10:00
        le 26 à 16h = 26.11 16:00
        à 16 h = 24.11 16:00
        à seize heures trente = 24.11 16:30
        le lundi à neuf heures quinze = 30.11 09:15
        dix heures dix = 24.11 10:10
        à huit heures et demie du matin = 25.11 08:30
        vendredi après-midi vers quatre heures = 27.11 16:00
        lundi à neuf heures quinze = 30.11 09:15
        dans dix minutes = 24.11 10:10
        vendredi matin = 27.11 06-12
        trois heures et quart = 24.11 15:15
        à onze heures moins cinq = 24.11 10:55
    """,
    "es-ES": """
        mañana a las diez = 25.11 10:00
        mañana por la mañana = 25.11 06-12
        mañana por la mañana a las nueve = 25.11 09:00
        a las diez y media = 24.11 10:30
        a las diez y cuarto = 24.11 10:15
        a las once menos cuarto = 24.11 10:45
        a las once menos diez = 24.11 10:50
        a las diez y diez = 24.11 10:10
        a las 10:30 = 24.11 10:30
        a las 10 y 30 = 24.11 10:30
        a las quince treinta = 24.11 15:30
        a las 15 horas = 24.11 15:00
        a las tres de la tarde = 24.11 15:00
        a las tres = 24.11 15:00
        a la una = 24.11 13:00
        a la una y media = 24.11 13:30
        el jueves a las diez = 26.11 10:00
        el próximo jueves a las diez = 26.11 10:00
        el jueves que viene a las once = 26.11 11:00
        el jueves de la próxima semana a las diez = 03.12 10:00
        pasado mañana a las cuatro = 26.11 16:00
        esta tarde = 24.11 13-18
        esta noche a las ocho = 24.11 20:00
        mañana por la tarde = 25.11 13-18
        el 3 de diciembre a las diez = 03.12 10:00
        el tres a las diez = 03.12 10:00
        el primero de diciembre = 01.12
        jueves 26 a las cuatro = 26.11 16:00
        en media hora = 24.11 10:30
        dentro de una hora = 24.11 11:00
        dentro de hora y media = 24.11 11:30
        en una hora y media = 24.11 11:30
        en veinte minutos = 24.11 10:20
        en un cuarto de hora = 24.11 10:15
        dentro de dos días = 26.11
        en una semana a las diez = 01.12 10:00
        al mediodía = 24.11 12:00
        sobre las once por favor = 24.11 11:00
        entre las diez y las once = 24.11 10:00
        entre diez y once = 24.11 10:00
        a la hora de comer = 24.11 12-14
        lo antes posible = soon
        mañana no, el jueves a las diez = 26.11 10:00
        no, mañana a las diez = 25.11 10:00
        viernes = 27.11
        a las ocho y treinta y cinco = 24.11 20:35
        veintiuna horas = 24.11 21:00
        mañana no puedo, el jueves a las diez = 26.11 10:00
        a las 4 de la tarde = 24.11 16:00
        a las cuatro y media de la tarde = 24.11 16:30
        el lunes a las nueve y cuarto = 30.11 09:15
        a las doce = 24.11 12:00
        el 26 a las 16 = 26.11 16:00
        a las dieciséis treinta = 24.11 16:30
        las diez = 24.11 10:00
        el lunes a las nueve y quince = 30.11 09:15
        en diez minutos = 24.11 10:10
        el viernes por la mañana = 27.11 06-12
        a las tres y cuarto = 24.11 15:15
        dentro de un cuarto de hora = 24.11 10:15
    """,
}
NOTHING = {
    "it-IT": """
        ho tre figli
        la lampada non funziona
        non lo so
        domani no
        vorrei parlare con Anna
        ho aspettato due ore
        sì
        domani non posso
        mi serve un elettricista
        sono Maria Rossi
    """,
    "en-GB": """
        I have two lamps
        may I have a lamp
        no
        yes please
        I need ten minutes
        that is the third time I call
        two hours ago
        press two
        it does not work
        my number is 333 1234567
        hello
        what
        Anna please
        the lamp is flickering again
    """,
    "de-DE": """
        ich habe drei Lampen
        die Lampe flackert
        nein
        ich warte seit zwei Stunden
        vor zwei Stunden
        Anna bitte
        ich möchte mit Anna sprechen
    """,
    "fr-FR": """
        il y a deux heures
        j'ai trois lampes
        il y a dix lampes
        on a 3 lampes
        la lampe clignote
        non
        j'attends depuis deux heures
        avec Anna
        bonjour
        je voudrais parler à Anna
    """,
    "es-ES": """
        no puedo mañana
        tengo tres lámparas
        la lámpara parpadea
        llevo dos horas esperando
        no
        el 29 de febrero a las diez
        con Ana
        buenos días
        quiero hablar con Ana
    """,
}
