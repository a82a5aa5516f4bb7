"""What every call centre says, and nobody wants to hear any more.  Pure: regular expressions, one a line.

Each stands for whole words.  What is honest in its place is left alone: "wait for Anna" says what will happen, "please
wait" says that nothing does.
"""

from __future__ import annotations

from collections.abc import Mapping


def _any_of(lines: str) -> str:
    return "|".join(line.strip() for line in lines.strip().splitlines())


FILLERS: Mapping[str, str] = {
    "it": _any_of(
        r"""
        (?:è|sono|siete|sei|molto|davvero|così) importante
        importante per noi
        ci sta a cuore
        (?:a|di) noi (?:interessa|importa)
        tenia(?:mo|moci) a (?:lei|te|voi)
        musica
        operator\w*
        consulent[ei]
        gentil\w+ (?:client\w*|utent\w*)
        spettabil\w+
        (?:la|vi|ti|si) preghiamo
        (?:è|sei|siete) pregat\w+
        si prega
        per (?:favore|cortesia) (?:attend\w+|resti?|aspett\w+|riman\w+)
        attend(?:a|i|ete|ere)\b
        (?:resti?|rest(?:are|ate)|riman(?:ga|i|ere|ete)) (?:pure )?(?:in linea|in attesa|al telefono)
        non (?:riagganci\w*|attacc(?:hi|are|ate|a)|mett(?:a|ere|ete) giù)
        (?:un|solo un) (?:momento|attimo|istante)(?:,| per| soltanto)? ?(?:prego|favore|pazienza|solo)
        (?<!tra )\bun (?:momento|attimo|istante)[.!]
        purtroppo
        pazien(?:za|tare|ti)
        disagio
        inconvenient[ei]
        (?:tutti|tutte) (?:i|le|gli) \w+ (?:\w+ )?(?:sono|risultano) (?:\w+ )?(?:occupat|impegnat)\w+
        siamo (?:tutti|tutte) (?:occupat|impegnat)\w+
        grazie (?:per|di|della?)(?: la| l['’]|) ?(?:attes[ao]|aver attes\w*|pazien\w+)
        prendere la linea
        smaltire
        priorità
        qualità del servizio
        """
    ),
    "en": _any_of(
        r"""
        important
        matters? (?:\w+ )?to us
        (?:we|we do|do|really) (?:truly )?(?:value|appreciate) (?:you|your)
        valued
        music
        operators?
        representatives?
        agents are
        (?:please )?hold (?:the line|on|please)
        please (?:hold|wait|stay|remain|stand by)
        (?:stay|remain|keep|holding) on the line
        (?:do not|don['’]t) hang up
        unfortunately
        regrettably
        bear with
        patien(?:ce|t)
        (?:one|just a|a) (?:moment|second|minute),? please
        (?:all|each) (?:of )?our (?:\w+ ){1,3}(?:is|are) (?:\w+ )?(?:busy|engaged|occupied|assisting|helping|serving)
        apologi[sz]e for (?:any|the) (?:inconvenience|delay|wait)
        inconvenience
        thank you for (?:holding|waiting)
        dear (?:customer|caller)
        next available
        high(?:er)? (?:call )?volumes?
        quality (?:and|purposes)
        in the order
        """
    ),
    "de": _any_of(
        r"""
        wichtig\w*
        liegt (?:uns|mir) (?:sehr )?am herzen
        musik
        sehr geehrte\w*
        (?:geehrte|werte|liebe)[rsn]? (?:kund|anrufer)\w*
        bitte (?:warten|bleiben|halten|legen|haben|um)
        (?:warten|bleiben|halten) sie bitte
        einen (?:augenblick|moment),? bitte
        (?:kleinen|kurzen) (?:augenblick|moment)
        gedulden?
        geduld\w*
        mitarbeiter\w*
        berater\w*
        leider
        bedauerlicherweise
        bleib(?:en sie|e)? (?:bitte )?(?:dran|in der leitung|am (?:apparat|telefon))
        in der leitung
        legen sie (?:bitte )?nicht auf
        leg nicht auf
        (?:alle|sämtliche) (?:unsere )?\w+ (?:sind|sprechen) (?:\w+ )?(?:im gespräch|besetzt|belegt|beschäftigt)
        unannehmlichkeit\w*
        (?:danke|dank) (?:für|fürs) (?:das |ihr |dein )?(?:warten|verständnis)
        warteschleife
        nächste[rn]? freie[rn]?
        anrufaufkommen
        qualitäts\w*
        """
    ),
    "fr": _any_of(
        r"""
        (?:très |si |est |sont )important\w*
        important\w* pour nous
        compte (?:beaucoup |énormément )?pour nous
        nous tient à c(?:œ|oe)ur
        musique
        opérat(?:eur|rice)s?
        conseill(?:er|ère)s?
        cher\w* (?:client|cliente|correspondant)\w*
        veuillez
        merci de (?:patienter|rester|bien vouloir|votre (?:attente|patience|compréhension|fidélité))
        patient(?:er|ez|e)
        patience
        malheureusement
        hélas
        ne (?:quitte[zs]?|raccroche[zs]?|coupe[zs]?) pas
        reste[zs]? en ligne
        reste[zs]? à l['’]écoute
        (?:un|quelques) (?:instants?|moments?|minute),? (?:s['’]il|je vous|svp)
        tous (?:nos|les) \w+ (?:sont|restent) (?:\w+ )?(?:occupé|en ligne|en communication|indisponible)\w*
        désagréments?
        gêne occasionnée
        (?:vous )?prions de|prière de
        la qualité de
        """
    ),
    "es": _any_of(
        r"""
        (?:muy|es|son|tan) importante
        importante para nosotros
        nos importa
        música
        operador\w*
        agentes?
        asesor\w*
        estimad\w+
        apreciad\w+
        por favor,? (?:espere|aguarde|manténgase|permanezca|no)
        (?:espere|espera|aguarde|aguarda),? (?:por favor|un (?:momento|instante)|en (?:la )?línea)
        (?:mantente|permanece|quédate|quédese) (?:a la espera|al teléfono|en (?:la )?línea)
        manténga(?:se)?
        un (?:momento|instante|momentito),? por favor
        lamentablemente
        desgraciadamente
        por desgracia
        no (?:cuelgu|cort)es?
        permanezca
        paciencia
        (?:todos|todas) (?:nuestr[oa]s|l[oa]s) \w+ (?:están|se encuentran) (?:\w+ )?(?:ocupad|atendiendo)\w*
        gracias por (?:su|tu|la) (?:espera|paciencia)
        disculpe (?:las|la) (?:molestias?|demora)
        molestias
        calidad
        """
    ),
}
# Soon, without saying when: fine beside a time.
VAGUE: Mapping[str, str] = {
    "it": _any_of(
        r"""
        (?:al|il) più presto
        quanto prima
        prima possibile
        non? appena (?:possibile|potremo|possiamo)
        appena (?:possibile|potremo|possiamo)
        [tf]ra (?:poco|breve|non molto|pochi (?:minuti|istanti)|un (?:attimo|momento|istante))
        a breve
        nel (?:più breve tempo|minor tempo) possibile
        in tempi brevi
        (?<!a )(?<!più )presto
        subito dopo
        prossimamente
        entro breve
        """
    ),
    "en": _any_of(
        r"""
        as (?:soon|quickly|fast) as (?:possible|we can|we are able)
        shortly
        (?<!see you )(?<!speak )(?<!talk )soon
        in a (?:moment|second|while|bit)
        (?:earliest|first) (?:convenience|opportunity)
        right with you
        before long
        without delay
        momentarily
        any (?:moment|minute) now
        in due course
        """
    ),
    "de": _any_of(
        r"""
        so (?:bald|schnell|rasch) (?:wie|es)
        sobald (?:es geht|wie möglich|wir können|möglich)
        (?:schnellst|baldigst|baldmög|schnellstmög|ehest)\w*
        möglichst (?:bald|schnell|rasch)
        in kürze
        demnächst
        umgehend
        unverzüglich
        (?<!bis )bald(?:ig)?
        in (?:wenigen|ein paar) (?:minuten|augenblicken)
        gleich (?:noch|wieder|zurück|bei|für)
        zeitnah
        nächstmöglich\w*
        in absehbarer zeit
        """
    ),
    "fr": _any_of(
        r"""
        (?:dès|aussitôt) que (?:possible|nous pou\w+|nous serons)
        (?:le|au) plus (?:tôt|vite)(?: possible)?
        (?<!à )bientôt
        dans (?:un instant|un moment|quelques (?:instants|minutes)|peu de temps)
        dans les (?:meilleurs|plus brefs|plus courts) délais
        sous peu
        prochainement
        d['’]ici peu
        rapidement
        sans tarder
        (?:aussi|si) (?:vite|rapidement) que
        """
    ),
    "es": _any_of(
        r"""
        (?:lo|tan) (?:antes|pronto) (?:posible|como)
        cuanto antes
        en (?:breve|un momento|unos (?:momentos|instantes|minutos)|seguida)
        enseguida
        dentro de (?:poco|un momento|unos (?:momentos|minutos))
        (?<!hasta )pronto
        (?:a la|con la) mayor (?:brevedad|rapidez)
        próximamente
        sin demora
        rápidamente
        """
    ),
}
